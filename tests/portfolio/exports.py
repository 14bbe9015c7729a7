"""Files as accounting programs export them: each has the program's own columns, with people and amounts made up."""

_XERO_HEADER = (
    "ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,POPostalCode,"
    "POCountry,SAAddressLine1,SAAddressLine2,SAAddressLine3,SAAddressLine4,SACity,SARegion,SAPostalCode,SACountry,"
    "InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,"
    "InventoryItemCode,Description,Quantity,UnitAmount,Discount,LineAmount,AccountCode,TaxType,TaxAmount,TrackingName1,"
    "TrackingOption1,TrackingName2,TrackingOption2,Currency,Type,Sent,Status"
)

_XERO_NAMES = _XERO_HEADER.split(",")


def _lines(*lines: str, end: str = "\r\n") -> str:
    return end.join((*lines, ""))


def _xero(**cells: str) -> str:
    given = {
        "ContactName": "Ridgeway Print Ltd", "EmailAddress": "accounts@debtors.example", "POAddressLine1": "4 Mill Lane",
        "POCity": "Leeds", "POPostalCode": "LS1 4AP", "POCountry": "United Kingdom", "Currency": "GBP",
        "Type": "Sales invoice", "Sent": "Sent", "Status": "Awaiting Payment", "InvoiceDate": "01/10/2026",
        "DueDate": "31/10/2026", **cells,
    }  # fmt: skip
    return ",".join(given.get(name, "") for name in _XERO_NAMES)


_FIRST = {
    "InvoiceNumber": "INV-0041",
    "Reference": "PO 88",
    "Total": "1200.00",
    "InvoiceAmountDue": "1200.00",
}
XERO = _lines(
    _XERO_HEADER,
    _xero(**_FIRST, Description="Leaflets", Quantity="1", LineAmount="700.00"),
    _xero(**_FIRST, Description="Posters", Quantity="2", LineAmount="300.00"),
    _xero(InvoiceNumber="INV-0042", Total="80.00", InvoiceAmountDue="0.00", Status="Paid"),
    _xero(
        InvoiceNumber="CN-0007",
        Total="50.00",
        InvoiceAmountDue="50.00",
        Type="Sales credit note",
        DueDate="03/11/2026",
    ),
    end="\n",
)

SAGE_CUSTOMERS = (
    "A/C,Name,Address Line 1,Address Line 2,Address Line 3,Address Line 4,Address Line 5,Contact Name,Telephone,Fax,E-Mail\n"
    "CAF001,Café Lumière,3 Stonegate,,York,North Yorkshire,YO1 7HH,Jo,01904 555010,,jo@debtors.example\n"
    "HIL001,Hill & Sons,9 Dock Road,,Hull,,HU1 1AA,,01482 555020,,hill@debtors.example\n"
)
SAGE_TRANSACTIONS = (
    "TRAN_NUMBER,TYPE,DATE,ACCOUNT_REF,INV_REF,DETAILS,DUE_DATE,DISPUTED,DELETED_FLAG,GROSS_AMOUNT,AMOUNT_PAID,OUTSTANDING\n"
    "101,SI,01/10/2026 00:00:00,CAF001,1044,Beans,30/10/2026 00:00:00,0,0,200.00,50.00,150.00\n"
    "102,SC,05/10/2026 00:00:00,CAF001,88,Returned,,0,0,-25.00,0.00,25.00\n"
    "103,SR,06/10/2026 00:00:00,CAF001,1044,Payment,,0,0,-50.00,-50.00,0.00\n"
    "104,SI,13/10/2026 00:00:00,HIL001,1047,Rope,12/11/2026 00:00:00,1,0,90.00,0.00,90.00\n"
    "105,SI,14/10/2026 00:00:00,HIL001,1048,Void,13/11/2026 00:00:00,0,1,70.00,0.00,70.00\n"
)

_BATCH_NAMES = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;WKZ Basis-Umsatz;Konto;"
    "Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Belegfeld 2;Skonto;Buchungstext;Postensperre;"
    "Diverse Adressnummer;Fälligkeit"
)


def _booking(amount: str, side: str, account: str, counter: str, day: str, number: str, **more: str) -> str:
    return (
        f'{amount};"{side}";"{more.get("currency", "EUR")}";;;"";{account};{counter};"";{day};"{number}";'
        f'"{more.get("second", "")}";;"{more.get("text", "Lieferung")}";0;"";{more.get("due", "")}'
    )


_BATCH_HEAD = (
    '"EXTF";700;21;"Buchungsstapel";13;20261116101500000;;"RE";"";"";29098;55003;20260101;4;20261001;20261031;'
    '"Rechnungen Oktober";"WD";1;0;0;"EUR";;"";;;"03";;;"";""'
)
DATEV_BATCH = _lines(
    _BATCH_HEAD,
    _BATCH_NAMES,
    _booking("1190,00", "S", "10001", "8400", "0110", "RE-1001", due="31102026", text="Möbel, Lieferung"),
    _booking("59,50", "H", "10001", "8400", "0510", "GS-0007", due="20102026"),
    _booking("238,00", "H", "8400", "10002", "1510", "RE-1002", second="151126"),
    _booking("500,00", "S", "1200", "1800", "1610", "UMB-1"),
    _booking("100,00", "S", "10002", "8400", "3110", "RE-1003", due="30112026", currency="CHF"),
    _booking("77,00", "S", "10002", "8400", "3110", "RE-1004"),
)
_MASTER_NAMES = (
    "Konto;Name (Adressattyp Unternehmen);Unternehmensgegenstand;Name (Adressattyp natürl. Person);"
    "Vorname (Adressattyp natürl. Person);Name (Adressattyp keine Angabe);Adressattyp;Kurzbezeichnung;EU-Land;EU-UStID;"
    "Straße;Postfach;Postleitzahl;Ort;Land;Adresszusatz;Telefon;E-Mail;Sprache"
)
_MASTER_HEAD = '"EXTF";700;16;"Debitoren/Kreditoren";5;20261116101500000;;"RE";"";"";29098;55003;20260101;4;;;"";"";;;;"";;"";;;"";;;"";""'
DATEV_CUSTOMERS = (
    f"{_MASTER_HEAD}\r\n{_MASTER_NAMES}\r\n"
    '10001;"Müller & Söhne GmbH";"";"";"";"";"2";"Müller";"DE";"";"Domstraße 1";"";"50667";"Köln";"DE";"";'
    '"0221 500100";"buchhaltung@debtors.example";"1"\r\n'
    '10002;"";"";"Jäger";"Ana";"";"1";"Jäger";"";"";"Ring 4";"";"1010";"Wien";"AT";"";"";"ana@debtors.example";"10"\r\n'
    '70001;"Holz AG";"";"";"";"";"2";"Holz";"";"";"Weg 1";"";"80331";"München";"DE";"";"";"";"1"\r\n'
)

HOLDED = (
    "Fecha,Num,Cliente,NIF,Correo,Dirección,Población,Código postal,País,Vencimiento,Moneda,Total,Pendiente,Estado\n"
    '01/10/2026,F26-0012,Peña Luz SL,B12345674,luz@debtors.example,Calle Ancha 2,Cádiz,11001,España,31/10/2026,EUR,"1.210,50","1.210,50",Vencido\n'
    '02/10/2026,F26-0013,Peña Luz SL,B12345674,luz@debtors.example,Calle Ancha 2,Cádiz,11001,España,01/11/2026,EUR,"90,00","0,00",Pagado\n'
)
CONTPAQI = (
    "Comercial del Norte SA de CV,,,,,,,,\n"
    "Documentos pendientes al 16/11/2026,,,,,,,,\n"
    "Fecha,Serie,Folio,Código,Razón social,Vencimiento,Moneda,Total,Pendiente\n"
    '01/10/2026,A,204,CTE010,Ferretería Ibáñez,31/10/2026,Peso Mexicano,"5,800.00","5,800.00"\n'
    "15/10/2026,,205,CTE011,Óptica Sol,15/11/2026,Dólar Americano,100.00,100.00\n"
    "16/10/2026,A,206,CTE011,Óptica Sol,16/11/2026,Peso Mexicano,50.00,0.00\n"
    'Total,,,,,,,"5,950.00","5,900.00"\n'
)
