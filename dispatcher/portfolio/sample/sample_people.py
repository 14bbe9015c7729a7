"""The material of the sample portfolio: invented people, real towns, numbers kept free for fiction where such exist."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A town, with the form of its telephone numbers (`##` is filled in)."""

    region: str
    city: str
    postal_codes: tuple[str, ...]
    phone: str
    label: str = "mobile"
    language: str = ""  # where it differs from the country's


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """A country's people: currency, language, towns, names, streets; `unit` is a typical bill."""

    code: str
    currency: str
    language: str
    unit: int
    share: int  # of a hundred debtors
    places: tuple[Place, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    street_form: str
    companies: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


# 555-0100 to 555-0199 are kept free for fiction in North America, 020 7946 0xxx and the like in Britain. The
# numbering plans of Mexico, Spain and Colombia keep none: those below are of the right form and round.
_US = Country(
    code="US",
    currency="USD",
    language="en",
    unit=120,
    share=38,
    places=(
        Place(
            region="NY", city="New York", postal_codes=("10001", "10011", "10027"), phone="+1 212 555 01##"
        ),
        Place(region="CA", city="Los Angeles", postal_codes=("90012", "90026"), phone="+1 213 555 01##"),
        Place(region="TX", city="Austin", postal_codes=("78701", "78704"), phone="+1 512 555 01##"),
        Place(
            region="FL", city="Miami", postal_codes=("33130", "33127"), phone="+1 305 555 01##", language="es"
        ),
        Place(region="IL", city="Chicago", postal_codes=("60602", "60614"), phone="+1 312 555 01##"),
        Place(region="AZ", city="Phoenix", postal_codes=("85003",), phone="+1 602 555 01##"),
        Place(region="HI", city="Honolulu", postal_codes=("96813",), phone="+1 808 555 01##"),
        Place(region="MA", city="Boston", postal_codes=("02108", "02116"), phone="+1 617 555 01##"),
        Place(region="WA", city="Seattle", postal_codes=("98101",), phone="+1 206 555 01##"),
        Place(region="DC", city="Washington", postal_codes=("20001",), phone="+1 202 555 01##"),
        Place(region="TN", city="Nashville", postal_codes=("37201",), phone="+1 615 555 01##"),
        Place(region="CO", city="Denver", postal_codes=("80202",), phone="+1 303 555 01##"),
    ),
    first_names=_words(
        "Maya, James, Olivia, Noah, Grace, Ethan, Nora, Caleb, Ruth, Isaac, Leah, Marcus, Tessa, Owen"
    ),
    last_names=_words(
        "Whitaker, Delgado, Brooks, Nguyen, Sullivan, Okafor, Ramirez, Goldberg, Patel, Larsen, Hayes"
    ),
    streets=_words(
        "Maple Street, Cedar Avenue, Lincoln Road, Park Place, Hill Street, Lake Drive, Mill Lane"
    ),
    street_form="{number} {street}",
    companies=_words("Bluebird Bakery LLC, Harbor Tools Inc, Ridge Dental PC, Juniper Freight Co"),
)
_MX = Country(
    code="MX",
    currency="MXN",
    language="es-MX",
    unit=1800,
    share=20,
    places=(
        Place(
            region="CMX", city="Ciudad de México", postal_codes=("06600", "03100"), phone="+52 55 5000 01##"
        ),
        Place(region="JAL", city="Guadalajara", postal_codes=("44100",), phone="+52 33 1000 01##"),
        Place(region="NLE", city="Monterrey", postal_codes=("64000",), phone="+52 81 1000 01##"),
        Place(region="BCN", city="Tijuana", postal_codes=("22000",), phone="+52 664 100 01##"),
        Place(region="SON", city="Hermosillo", postal_codes=("83000",), phone="+52 662 100 01##"),
        Place(region="ROO", city="Cancún", postal_codes=("77500",), phone="+52 998 100 01##"),
    ),
    first_names=_words(
        "Ximena, Diego, Fernanda, Emiliano, Regina, Mateo, Lucía, Héctor, Itzel, Rodrigo, Paola, Íñigo"
    ),
    last_names=_words(
        "Hernández, García, Martínez, López, Peña, Ibarra, Cárdenas, Núñez, Villaseñor, Ochoa, Zúñiga"
    ),
    streets=_words("Calle Reforma, Avenida Juárez, Calle Morelos, Calle Hidalgo, Avenida Insurgentes"),
    street_form="{street} {number}",
    companies=_words("Panadería La Espiga SA de CV, Transportes del Norte SA de CV, Óptica Luz SC"),
)
_ES = Country(
    code="ES",
    currency="EUR",
    language="es-ES",
    unit=90,
    share=12,
    places=(
        Place(region="M", city="Madrid", postal_codes=("28004", "28012"), phone="+34 600 000 1##"),
        Place(region="B", city="Barcelona", postal_codes=("08002",), phone="+34 600 000 2##"),
        Place(region="SE", city="Sevilla", postal_codes=("41001",), phone="+34 600 000 3##"),
        Place(
            region="GC", city="Las Palmas de Gran Canaria", postal_codes=("35001",), phone="+34 600 000 4##"
        ),
    ),
    first_names=_words("Ana, Javier, Carmen, Pablo, Núria, Iker, Rocío, Álvaro, Begoña, Jordi"),
    last_names=_words("Fernández, Ruiz, Gómez, Etxeberria, Puig, Navarro, Ortega, Castaño, Muñoz"),
    streets=_words("Calle Mayor, Calle del Prado, Paseo del Río, Plaza Nueva, Calle Ancha"),
    street_form="{street}, {number}",
    companies=_words("Talleres Ebro SL, Librería Atlántida SL"),
)
_CO = Country(
    code="CO",
    currency="COP",
    language="es-CO",
    unit=240_000,
    share=12,
    places=(
        Place(region="DC", city="Bogotá", postal_codes=("110111", "110221"), phone="+57 300 000 01##"),
        Place(region="ANT", city="Medellín", postal_codes=("050010",), phone="+57 300 000 02##"),
        Place(region="VAC", city="Cali", postal_codes=("760001",), phone="+57 300 000 03##"),
        Place(region="ATL", city="Barranquilla", postal_codes=("080001",), phone="+57 300 000 04##"),
    ),
    first_names=_words(
        "Juliana, Andrés, Valentina, Camilo, Daniela, Santiago, Natalia, Felipe, Yeimy, Óscar"
    ),
    last_names=_words("Rodríguez, Gómez, Restrepo, Castaño, Quintero, Mosquera, Uribe, Salazar, Peñaloza"),
    streets=_words("Carrera 7, Calle 72, Carrera 43A, Avenida 6 Norte, Calle 93"),
    street_form="{street} # {number}-15",
    companies=_words("Cafetería El Roble SAS, Insumos Andinos SAS"),
)
_GB = Country(
    code="GB",
    currency="GBP",
    language="en-GB",
    unit=80,
    share=10,
    places=(
        Place(
            region="ENG",
            city="London",
            postal_codes=("EC1A 1BB", "SE1 7PB"),
            phone="020 7946 01##",
            label="home",
        ),
        Place(region="SCT", city="Edinburgh", postal_codes=("EH1 1YZ",), phone="0131 496 01##", label="home"),
        Place(region="WLS", city="Cardiff", postal_codes=("CF10 1EP",), phone="029 2018 01##", label="home"),
        Place(region="NIR", city="Belfast", postal_codes=("BT1 5GS",), phone="028 9649 61##", label="home"),
    ),
    first_names=_words("Amelia, Harry, Isla, Callum, Priya, Gareth, Siobhán, Oliver, Zoë"),
    last_names=_words("Ashworth, Campbell, Evans, O'Neill, Khan, Fairbairn, Pritchard, Wren"),
    streets=_words("Station Road, Church Lane, Mill Road, Queen Street, Rose Terrace"),
    street_form="{number} {street}",
    companies=_words("Thistle Joinery Ltd, Copper Kettle Cafés Ltd"),
)
_CA = Country(
    code="CA",
    currency="CAD",
    language="en-CA",
    unit=110,
    share=8,
    places=(
        Place(region="ON", city="Toronto", postal_codes=("M5H 2N2",), phone="+1 416 555 01##"),
        Place(region="BC", city="Vancouver", postal_codes=("V6B 1A1",), phone="+1 604 555 01##"),
        Place(
            region="QC", city="Montréal", postal_codes=("H2Y 1C6",), phone="+1 514 555 01##", language="fr-CA"
        ),
        Place(region="AB", city="Calgary", postal_codes=("T2P 1J9",), phone="+1 403 555 01##"),
        Place(region="NL", city="St. John's", postal_codes=("A1C 5M2",), phone="+1 709 555 01##"),
    ),
    first_names=_words("Chloé, Liam, Amélie, Aiden, Simone, Wyatt, Harpreet, Élise"),
    last_names=_words("Tremblay, MacLeod, Singh, Gagnon, Fraser, Bouchard, Wong"),
    streets=_words("King Street West, Rue Saint-Paul, Granville Street, Duckworth Street"),
    street_form="{number} {street}",
    companies=_words("Maple Ridge Outfitters Ltd, Atelier Boréal inc."),
)

COUNTRIES: Mapping[str, Country] = {country.code: country for country in (_US, _MX, _ES, _CO, _GB, _CA)}

# Names that break careless programs: each is somebody's whole name in the sample.
AWKWARD_NAMES = (
    'Dwayne "The Rock" O\'Malley-Smith, Jr.',
    "<script>alert(1)</script>",
    "{{ 7*7 }} Bros.",
    '=HYPERLINK("http://debtors.example","Pay now")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "فاطمة الزهراء بنت محمد",
    "יוסף בן-דוד",
    "Zoë 🌻 Blüm",
    "Łukasz Żółć-Grzegżółka",
    "O’Brien & Sons <billing>",
    "Ana\tMaría\nde la Cruz",
    "%s %d ${jndi} \\u0041",
    "Nguyễn Thị Ánh Tuyết",
    "A" * 90,
    "María-José",
    "Jennifer Null",
)
