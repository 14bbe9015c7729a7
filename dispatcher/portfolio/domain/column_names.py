"""How accounting programs call our columns: English, German, Spanish; compared without case, blanks, `_` and `-`."""

from dispatcher.portfolio.domain.portfolio_columns import BY_PLAIN_NAME, plain_name

_ALSO = {
    "creditor": "Company Code, Buchungskreis, Mandant, Empresa, Sociedad",
    "debt_reference": "Invoice, Invoice No, Invoice No., Invoice Number, InvoiceNumber, Num, Number, Document Number, "
    "Belegnummer, Belegnr, Beleg, Rechnungsnummer, Rechnungsnr, Rechnungs-Nr., Belegfeld 1, Factura, Nº Factura, "
    "Numero Factura, Número, Folio, Documento",
    "debtor_reference": "Customer ID, Customer Number, Customer No, Account, Account Number, Debitor, Debitorennummer, "
    "Kundennummer, Kundennr, Kunden-Nr., Konto, Cliente, Código Cliente, Cuenta, ContactID",
    "debtor_name": "Customer, Customer Name, Name, Name 1, Kunde, Kundenname, Firma, ContactName, Nombre, "
    "Nombre Cliente, Razón Social, Partner, Invoice Partner Display Name",
    "country": "Country Code, Land, País, Pais",
    "region": "State, Billing State, Bundesland, Provincia, Estado",
    "city": "Billing City, Ort, Stadt, Ciudad, Población",
    "postal_code": "Zip, Billing ZIP, Postcode, PLZ, Postleitzahl, Código Postal, CP",
    "address_line_1": "Address, Billing Street, Street, Straße, Strasse, Adresse, Dirección, Domicilio",
    "email": "E-Mail, E-Mail-Adresse, Email Address, EmailAddress, Customer Email, Mail, Correo, Correo Electrónico",
    "phone": "Telephone, Mobile, Phone Number, Telefon, Handy, Teléfono, Móvil",
    "language": "Sprache, Idioma, Lang",
    "currency": "Währung, WKZ, WKZ Umsatz, Moneda, Divisa, Currency Code",
    "balance": "Open Balance, Amount Due, AmountDue, Balance Due, Outstanding, Open Amount, Offener Betrag, Saldo, "
    "Betrag, Restbetrag, Pendiente, Saldo Pendiente, Importe Pendiente, Residual, Amount Due Signed",
    "original_amount": "Amount, Total, Invoice Total, Rechnungsbetrag, Bruttobetrag, Importe, Importe Total, Umsatz",
    "issued_on": "Date, Invoice Date, InvoiceDate, Issue Date, Belegdatum, Rechnungsdatum, Fecha, Fecha Factura, "
    "Fecha Emisión",
    "due_date": "Due, DueDate, Due Date (UTC), Fällig, Fälligkeit, Fällig am, Fälligkeitsdatum, Nettofälligkeit, "
    "Vencimiento, Fecha Vencimiento, Fecha de Vencimiento",
    "ledger_as_of": "As Of, As Of Date, Key Date, Report Date, Snapshot Date, Stichtag, Fecha de Corte",
    "settled_on": "Paid On, Paid Date, Bezahlt am, Fecha de Pago",
    "disputed_on": "Dispute Date, Reklamiert am",
    "deceased_on": "Date of Death, Verstorben am, Fecha de Fallecimiento",
}
NAMES = BY_PLAIN_NAME | {
    plain_name(name): column for column, names in _ALSO.items() for name in names.split(",")
}
