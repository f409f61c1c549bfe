"""Countries of the second synthetic world: words, towns, families, legal forms, tax and bank accounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Land:
    """What a country lends to a company, its people and its clerk."""

    code: str
    language: str
    currency: str
    vat_percent: float
    forms: tuple[str, ...]
    families: tuple[str, ...]
    givens: tuple[str, ...]
    towns: tuple[str, ...]
    trades: tuple[str, ...]
    account_digits: int
    structured: str = ""
    withholding_percent: float = 0.0


def _land(head: str, forms: str, families: str, givens: str, towns: str, trades: str) -> Land:
    code, language, currency, vat, digits, structured, withholding = head.split()
    words = [tuple(text.split("|")) for text in (forms, families, givens, towns, trades)]
    return Land(
        code,
        language,
        currency,
        float(vat),
        words[0],
        words[1],
        words[2],
        words[3],
        words[4],
        int(digits),
        "" if structured == "-" else structured,
        float(withholding),
    )


_ALL = (
    _land(
        "DE de EUR 19 18 - 0",
        "GmbH|GmbH & Co. KG|AG|e.K.|OHG|UG (haftungsbeschränkt)|KG",
        "Huber|Schröder|Müller|Weiß|Köhler|Brandt|Vogel|Jäger|Kühn|Lorenz|Seidel|Böhm|Pfeiffer|Groß|Hartwig",
        "Anna|Jürgen|Käthe|Lukas|Sabine|Torsten|Uwe|Mia|Jonas|Petra",
        "Würzburg|Kassel|Lübeck|Bonn|Görlitz|Aalen|Hof|Trier|Münster|Fürth|Jena|Celle",
        "Bäckerei|Elektro|Metallbau|Autohaus|Spedition|Zahnarztpraxis|Druckerei|Möbelhaus|Gartenbau|Apotheke",
    ),
    _land(
        "AT de EUR 20 16 - 0",
        "GmbH|GesmbH|AG|e.U.|OG|KG",
        "Gruber|Moser|Steiner|Pichler|Hofer|Eder|Wallner|Leitgeb|Reiter|Fuchs|Schwarzl|Kröll",
        "Franz|Elfriede|Matthias|Julia|Gerhard|Theresa|Alois|Birgit",
        "Graz|Linz|Wels|Steyr|Villach|Krems|Leoben|Bregenz|St. Pölten|Dornbirn",
        "Tischlerei|Gasthof|Installateur|Weingut|Bau|Fleischerei|Ordination|Reisebüro|Sägewerk|Hotel",
    ),
    _land(
        "CH de CHF 8.1 17 qrr 0",
        "AG|GmbH|Sàrl|SA|Genossenschaft",
        "Meier|Zürcher|Bühler|Favre|Rochat|Bernasconi|Keller|Ammann|Wüthrich|Gerber|Jaquet",
        "Urs|Beat|Chantal|Reto|Regula|Laurent|Noemi|Marco",
        "Winterthur|Thun|Chur|Vevey|Lugano|Zug|Biel|Aarau|Sion|Olten",
        "Treuhand|Käserei|Uhren|Garage|Physiotherapie|Sanitär|Architektur|Messtechnik|Confiserie|Seilbahn",
    ),
    _land(
        "FR fr EUR 20 23 - 0",
        "SARL|SAS|SA|EURL|SASU|SCI",
        "Lefèvre|Moreau|Girard|Besançon|Chevalier|Dupré|Fontaine|Garnier|Hénault|Marchand|Rousseau|Texier",
        "Élodie|Jérôme|Camille|Benoît|Solène|Thierry|Maud|Gaël",
        "Nantes|Angers|Troyes|Pau|Béziers|Colmar|Évreux|Limoges|Dole|Agen|Saint-Malo",
        "Boulangerie|Transports|Menuiserie|Pharmacie|Ateliers|Imprimerie|Garage|Clinique|Domaine|Établissements",
    ),
    _land(
        "BE fr EUR 21 12 ogm 0",
        "SRL|NV|BV|SA|BVBA|ASBL",
        "Peeters|Janssens|Maes|Lambert|Dubois|Wouters|Claes|Goossens|Leclercq|Van den Broeck|De Smet",
        "Pieter|Ines|Luc|Margaux|Wim|Nathalie|Bart|Lore",
        "Gent|Namur|Leuven|Mons|Brugge|Hasselt|Arlon|Kortrijk|Wavre",
        "Brasserie|Bouwbedrijf|Traiteur|Logistics|Tandarts|Chocolaterie|Verhuur|Imprimerie|Carrelages",
    ),
    _land(
        "NL nl EUR 21 14 - 0",
        "B.V.|N.V.|V.O.F.|Holding B.V.|Coöperatie U.A.",
        "De Vries|Van Dijk|Bakker|Visser|Smit|Meijer|Mulder|De Boer|Hoekstra|Van Leeuwen|Kuipers",
        "Sanne|Daan|Bram|Femke|Joost|Lotte|Ruud|Tess",
        "Zwolle|Breda|Assen|Venlo|Delft|Hoorn|Emmen|Tilburg|Gouda|Leiden",
        "Kwekerij|Installatietechniek|Bouw|Groothandel|Schildersbedrijf|Drukkerij|Fietsen|Makelaardij|Zuivel",
    ),
    _land(
        "IT it EUR 22 23 - 0",
        "S.r.l.|S.p.A.|S.n.c.|S.a.s.|Soc. Coop.",
        "Rossi|Bianchi|Ferrari|Colombo|Ricci|Marino|Greco|Conti|De Luca|Barbieri|Fontana|Niccolò",
        "Chiara|Luca|Giulia|Paolo|Alessia|Enzo|Marta|Dario",
        "Bergamo|Modena|Lucca|Bari|Udine|Parma|Siena|Como|Forlì|Cuneo",
        "Officina|Panificio|Ceramiche|Studio|Trasporti|Mobilificio|Caseificio|Farmacia|Edilizia|Tessitura",
    ),
    _land(
        "ES es EUR 21 20 - 0",
        "S.L.|S.A.|S.L.U.|S. Coop.|C.B.",
        "García|Muñoz|Ibáñez|Ortega|Peña|Domínguez|Castaño|Vidal|Núñez|Romero|Serra|Otxoa",
        "Lucía|Íñigo|Marta|Pablo|Rocío|Javier|Nuria|Álvaro",
        "Gijón|Murcia|León|Huelva|Girona|Cádiz|Burgos|Lugo|Teruel|Logroño",
        "Talleres|Panadería|Hostal|Clínica|Construcciones|Bodegas|Frutas|Asesoría|Cerámicas|Conservas",
    ),
    _land(
        "PL pl PLN 23 24 - 0",
        "Sp. z o.o.|S.A.|Sp. k.|s.c.|Sp. j.",
        "Kowalski|Wiśniewski|Wójcik|Zieliński|Dąbrowski|Łukasik|Mazur|Krawczyk|Żak|Górski|Pawłowski",
        "Agnieszka|Łukasz|Zofia|Paweł|Bożena|Kamil|Grażyna|Michał",
        "Gdynia|Łódź|Opole|Płock|Toruń|Rzeszów|Elbląg|Żory|Kielce|Świdnica",
        "Hurtownia|Zakład|Piekarnia|Usługi|Drukarnia|Budownictwo|Stolarnia|Przychodnia|Logistyka",
    ),
    _land(
        "SE sv SEK 25 20 ocr 0",
        "AB|HB|Ekonomisk förening|KB",
        "Lindström|Åkesson|Bergqvist|Nyström|Söderberg|Öberg|Hallgren|Forsman|Sjögren|Ek",
        "Åsa|Björn|Elin|Oskar|Maja|Göran|Linnéa|Per",
        "Umeå|Växjö|Borås|Gävle|Kalmar|Skövde|Luleå|Falun|Örebro",
        "Bygg|Måleri|Tandvård|Åkeri|Snickeri|Fisk|Redovisning|Trävaru|Bageri",
    ),
    _land(
        "NO no NOK 25 11 kid 0",
        "AS|ASA|ANS|DA",
        "Hansen|Bakke|Solberg|Haugen|Strand|Lien|Ødegård|Moen|Myhre|Aasen",
        "Ingrid|Sindre|Kari|Øystein|Silje|Trond|Astrid|Håkon",
        "Bodø|Molde|Ålesund|Hamar|Skien|Halden|Tromsø|Alta|Larvik",
        "Bygg|Rørlegger|Fiskeri|Transport|Elektro|Tannlege|Snekker|Hotell|Oppdrett",
    ),
    _land(
        "FI fi EUR 25.5 14 viite 0",
        "Oy|Oyj|Ky|Tmi|Osuuskunta",
        "Korhonen|Virtanen|Mäkinen|Nieminen|Hämäläinen|Laine|Heikkilä|Järvinen|Lehto",
        "Aino|Eero|Hilkka|Jukka|Päivi|Sami|Veera|Onni",
        "Oulu|Turku|Kuopio|Lahti|Vaasa|Pori|Kotka|Rauma|Mikkeli",
        "Rakennus|Sähkö|Leipomo|Kuljetus|Konepaja|Hammaslääkäri|Huonekalu|Puutarha",
    ),
    _land(
        "GB en GBP 20 18 - 0",
        "Ltd|Limited|PLC|LLP|& Sons Ltd",
        "Hughes|Whitaker|Osborne|Pritchard|MacLeod|O'Brien|Barnes|Ashworth|Thornton|Kettle|Rowe|Fairclough",
        "Imogen|Alistair|Priya|Gareth|Bethany|Colin|Niamh|Dev",
        "Leeds|Truro|Exeter|Perth|Swansea|Derby|Kendal|Bath|Dundee|Wigan",
        "Joinery|Bakers|Motors|Dental Practice|Plumbing|Brewery|Interiors|Logistics|Veterinary|Printers",
    ),
    _land(
        "IE en EUR 23 18 - 0",
        "Ltd|DAC|Limited|Teo",
        "Murphy|Byrne|Ó Sé|Gallagher|Kavanagh|Nolan|Quinn|Fitzgerald|Healy",
        "Aoife|Cian|Sinéad|Declan|Róisín|Eoin|Orla|Pádraig",
        "Galway|Sligo|Cork|Ennis|Tralee|Athlone|Wexford|Navan",
        "Foods|Pharma|Joinery|Hotel|Seafoods|Agri|Systems|Haulage",
    ),
    _land(
        "US en USD 0 17 - 0",
        "Inc.|LLC|Corp.|Co.|L.P.|, Inc.|PLLC",
        "Johnson|Ramirez|Kowalczyk|Nguyen|Patterson|Brooks|Delgado|Fischer|Cohen|Washington|Tran|McAllister",
        "Brianna|Tyler|Maria|Kevin|Latoya|Brett|Susan|Hector",
        "Dayton|Boise|Tulsa|Akron|Macon|Fargo|Salem|Peoria|Waco|Duluth|Provo|Reno",
        "Supply|Dental Group|Roofing|Logistics|Orthopedics|Foods|Auto Parts|Consulting|HVAC|Pediatrics",
    ),
    _land(
        "JP ja JPY 10 14 - 0",
        "K.K.|Co., Ltd.|G.K.|Y.K.",
        "Tanaka|Suzuki|Watanabe|Ōno|Kobayashi|Shimizu|Fujimoto|Hayashi",
        "Haruka|Kenji|Yūko|Takumi|Aiko|Shō",
        "Sendai|Nagoya|Kōbe|Fukuoka|Kanazawa|Hakodate|Nara",
        "Seisakusho|Shoji|Kogyo|Denki|Shokuhin|Bussan|Kensetsu",
    ),
    _land(
        "IN en INR 18 14 - 10",
        "Pvt. Ltd.|Private Limited|LLP|Ltd.",
        "Sharma|Iyer|Patel|Reddy|Banerjee|Kulkarni|Chopra|Menon",
        "Ananya|Rahul|Kavya|Sanjay|Meera|Vikram",
        "Pune|Kochi|Indore|Surat|Mysuru|Jaipur|Nagpur",
        "Infotech|Exports|Textiles|Engineering|Diagnostics|Polymers|Traders",
    ),
    _land(
        "BR pt BRL 0 25 - 4.65",
        "Ltda.|S.A.|ME|EIRELI",
        "Silva|Gonçalves|Araújo|Magalhães|Teixeira|Barroso|Leão|Nogueira",
        "João|Letícia|Caio|Renata|Otávio|Mônica",
        "Recife|Curitiba|Niterói|Goiânia|Santos|Maceió|Florianópolis",
        "Comércio|Indústria|Serviços|Logística|Laboratório|Tecnologia|Móveis",
    ),
    _land(
        "CZ cs CZK 21 20 - 0",
        "s.r.o.|a.s.|spol. s r.o.|v.o.s.",
        "Novák|Dvořák|Černý|Procházka|Kučera|Šimek|Hruška|Křížek",
        "Jana|Tomáš|Šárka|Ondřej|Lenka|Jiří",
        "Brno|Plzeň|Olomouc|Zlín|Tábor|Děčín|Jihlava",
        "Strojírny|Pekárna|Stavby|Tiskárna|Lékárna|Doprava|Sklárny",
    ),
    _land(
        "BH en BHD 10 18 - 5",
        "W.L.L.|B.S.C.|S.P.C.",
        "Al Khalifa|Fakhro|Kanoo|Almoayyed|Jawad|Zayani|Haddad",
        "Layla|Yusuf|Maryam|Khalid|Noor|Hassan",
        "Manama|Riffa|Muharraq|Isa Town|Sitra",
        "Trading|Contracting|Medical|Marine|Motors|Foodstuff",
    ),
)

LANDS: dict[str, Land] = {land.code: land for land in _ALL}

EXPONENTS = {"JPY": 0, "BHD": 3}

MONTHS: dict[str, tuple[str, ...]] = {
    "de": tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
    "fr": tuple(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    ),
    "nl": tuple(
        "januari februari maart april mei juni juli augustus september oktober november december".split()
    ),
    "it": tuple(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()
    ),
    "es": tuple(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
    ),
    "pl": tuple(
        "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień".split()
    ),
    "sv": tuple(
        "januari februari mars april maj juni juli augusti september oktober november december".split()
    ),
    "no": tuple("januar februar mars april mai juni juli august september oktober november desember".split()),
    "fi": tuple(
        "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu".split()
    ),
    "en": tuple(
        "January February March April May June July August September October November December".split()
    ),
    "ja": tuple(f"{month}gatsu" for month in range(1, 13)),
    "pt": tuple(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split()
    ),
    "cs": tuple("leden únor březen duben květen červen červenec srpen září říjen listopad prosinec".split()),
}

# Rough units per euro on the first day; only the order of magnitude matters here.
EURO_RATES = {
    "USD": 1.09,
    "GBP": 0.87,
    "CHF": 0.97,
    "PLN": 4.45,
    "SEK": 11.3,
    "NOK": 11.5,
    "JPY": 152.0,
    "INR": 90.0,
    "BRL": 5.35,
    "CZK": 24.1,
    "BHD": 0.41,
    "DKK": 7.45,
}
