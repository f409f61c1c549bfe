"""Words of the third world: names, payment texts in fourteen languages, and lines that settle nothing."""

from __future__ import annotations

from typing import Final

STEMS: Final = (
    "Albrecht Almeida Andersen Ardent Baltica Barros Bauer Beaumont Bergström Blanchard Bluewater Borealis Brandt Brightwell Calder "
    "Castelló Cedar Chevalier Corvus Dahl Delacroix Dobrowolski Drexler Eastgate Eklund Elbtal Esposito Falkenberg Ferreira Fiordland "
    "Forsberg Fournier Galería Garnet Gießen Grünwald Hallström Harbour Havel Heidemann Holmqvist Ibérica Isar Ivanič Jansen Järvinen "
    "Kappeler Karlsson Kestrel Kowalczyk Krüger Kuusela Lachmann Larkfield Lefèvre Lindqvist Lombardi Løvenskiold Maashaven Marquardt "
    "Meridian Mäkelä Navarro Nordhavn Novák Oakridge Oliveira Ostermann Øresund Pálmai Pellegrini Petrov Pinewood Quintana Rasmussen "
    "Redstone Rhenus Richter Rosseau Rybák Sandoval Schäfer Schönfeld Silverlake Skogen Sørensen Steinbach Szabó Tamarind Thorsen "
    "Tremblay Uhland Valkyrie Vandenberg Vermeulen Virtanen Wächter Westerby Whitcombe Wójcik Yamada Zeelandia Žižka Zürcher Öberg"
).split()
TRADES: Final = (
    "Logistics Foods Metall Medical Textil Hardware Solar Verlag Papier Pharma Kunststoff Marine Studio Systems Chemie Dental Optik "
    "Möbel Print Robotics Fleet Design Labs Trading Elektro Bau Agrar Energie Interiors Media Packaging Services Import Technik Vin "
    "Traiteur Bygg Invest Consulting Autohaus Catering Events Sports Garden Security Travel"
).split()
FORMS: Final[dict[str, tuple[str, ...]]] = {
    "DE": ("GmbH", "GmbH & Co. KG", "AG", "e.K.", "UG (haftungsbeschränkt)"), "AT": ("GmbH", "OG"), "CH": ("AG", "Sàrl", "GmbH"),
    "FR": ("SARL", "SAS", "S.A."), "NL": ("B.V.", "N.V.", "VOF"), "BE": ("BV", "NV", "SRL"), "ES": ("S.L.", "S.A."), "IT": ("S.r.l.", "S.p.A."),
    "GB": ("Ltd", "Limited", "PLC", "LLP"), "US": ("Inc.", "LLC", "Corp."), "SE": ("AB",), "NO": ("AS", "ASA"), "FI": ("Oy", "Oyj"),
    "DK": ("A/S", "ApS"), "PL": ("Sp. z o.o.", "S.A."), "CZ": ("s.r.o.", "a.s."), "PT": ("Lda", "S.A."), "JP": ("K.K.", "Co., Ltd."),
    "BH": ("W.L.L.", "B.S.C."),
}  # fmt: skip
GIVEN: Final = (
    "Anna Ben Carla David Elif Finn Greta Hugo Ida Jan Katarzyna Lars María Nils Olga Pekka Quentin Rosa Søren Tomáš Ulla Víctor Wim "
    "Yuki Zoë Andreas Brigitte Christoph Ewa Fatima Giovanni Håkon Inés Jürgen Kristina Ludmila Mehmet Noémie"
).split()
FAMILY: Final = (
    "Müller Smith Hansen Kowalski Garcia Rossi Dubois Nielsen Johansson Korhonen de Vries Novotný Jones Weber Silva Tanaka Öztürk "
    "van Dijk Berg Lindgren Fischer Moreau Ferrari Lopez Nyström Schmidt Brown Jensen Svoboda Kaya Wagner Olsen Popescu Horvat"
).replace("de Vries", "de_Vries").replace("van Dijk", "van_Dijk").split()  # fmt: skip
TOWNS: Final = (
    "Lyngby Rheinau Ashford Porto Graz Tampere Lille Breda Brno Gdynia Malmö Trondheim Bergamo Girona Namur Leeds Kiel Aarau Turku "
    "Bath Ulm Nantes Delft Zlín Łódź Västerås Molde Pisa Cádiz Gent York Jena"
).split()
OFFICES: Final = {
    "de": ("Stadt {t}", "Landkreis {t}", "Finanzverwaltung {t}", "Universitätsklinikum {t}", "Bundesamt für Liegenschaften {t}"),
    "en": ("{t} City Council", "NHS {t} Trust", "{t} County Treasury", "Ministry of Works {t}"),
    "fr": ("Mairie de {t}", "Trésor Public {t}", "CHU {t}", "DGFIP {t}"),
    "no": ("{t} kommune", "Fylkeskommunen {t}"), "sv": ("{t} kommun", "Region {t}"), "fi": ("{t} kaupunki",),
}  # fmt: skip

# One payment's words by language: naming one item, naming several, naming none, quoting an order, rent by month, credit.
TEXTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "en": {
        "one": ("{no}", "Invoice {no}", "INV {no}", "Payment of invoice {no} dated {date}", "Your inv. no {no} / acct {cust}", "{no} {amt}", "Re {no} thank you", "{cust} {no}"),
        "many": ("{nos}", "Invoices {nos}", "Pmt inv {nos}", "Settlement {nos} total {amt}"),
        "none": ("Payment", "Thank you", "As per remittance advice {date}", "{cust}", "Bill", "services {month}", "see email {date}", "account payment"),
        "po": ("PO {po}", "Order {po}", "Our ref {po} your ref"), "rent": ("Rent {month}", "RENT UNIT {unit}", "standing order rent {month}"),
        "cn": ("less CN {cn}", "net of credit {cn}"), "less": ("less damaged goods", "short delivery deducted", "price diff"),
    },
    "de": {
        "one": ("{no}", "Rechnung {no}", "RE-Nr. {no} vom {date}", "Rg. {no} KdNr. {cust}", "Kunden-Nr. {cust} Rechnung {no}", "RNr {no} Betrag {amt} EUR", "ReNr{no}", "Beleg {no}"),
        "many": ("{nos}", "Rechnungen {nos}", "RG {nos} Gesamt {amt}", "Rg.Nr. {nos} abzgl. Gutschriften"),
        "none": ("Zahlung", "laut Zahlungsavis vom {date}", "Danke", "Kd.Nr. {cust}", "Überweisung", "Abschlag {month}", "per Avis", "Sammelüberweisung"),
        "po": ("Bestellung {po}", "Best.Nr. {po}", "Az. {po}"), "rent": ("Miete {month}", "Miete Whg {unit}", "Dauerauftrag Miete"),
        "cn": ("abzgl. GS {cn}", "minus Gutschrift {cn}"), "less": ("abzgl. Mangel", "Kürzung wg. Fehlmenge", "Preisdifferenz"),
    },
    "fr": {
        "one": ("{no}", "Facture {no}", "FACT {no} DU {date}", "Règlement facture n° {no}", "F{no} client {cust}"),
        "many": ("{nos}", "Factures {nos}", "Règlement {nos}"), "none": ("Règlement", "Virement", "selon avis du {date}", "client {cust}"),
        "po": ("Commande {po}", "BC {po}", "Mandat {po}"), "rent": ("Loyer {month}", "loyer lot {unit}"), "cn": ("avoir {cn}",), "less": ("retenue litige",),
    },
    "nl": {
        "one": ("{no}", "Factuur {no}", "Fact. {no} d.d. {date}", "factuurnr {no} klantnr {cust}"), "many": ("{nos}", "Facturen {nos}"),
        "none": ("betaling", "zie specificatie {date}", "klant {cust}"), "po": ("order {po}", "bestelling {po}"),
        "rent": ("Huur {month}", "huur {unit}"), "cn": ("minus creditnota {cn}",), "less": ("korting schade",),
    },
    "es": {
        "one": ("{no}", "Factura {no}", "Fra. {no} de {date}", "pago fra {no}"), "many": ("{nos}", "Fras. {nos}"), "none": ("Transferencia", "pago facturas {month}", "cliente {cust}"),
        "po": ("Pedido {po}",), "rent": ("Alquiler {month}",), "cn": ("menos abono {cn}",), "less": ("menos mercancía dañada",),
    },
    "it": {
        "one": ("{no}", "Fattura n. {no}", "Saldo fatt. {no} del {date}", "ft {no}"), "many": ("{nos}", "Saldo ft {nos}"), "none": ("Bonifico", "saldo {month}", "saldo come da distinta"),
        "po": ("Ordine {po}",), "rent": ("Affitto {month}",), "cn": ("nc {cn}",), "less": ("abbuono merce",),
    },
    "sv": {
        "one": ("{no}", "Faktura {no}", "fakt {no} kund {cust}", "OCR {no}"), "many": ("{nos}", "Fakturor {nos}"), "none": ("Betalning", "Tack", "kund {cust}", "enligt avi {date}"),
        "po": ("Order {po}", "Ref {po}"), "rent": ("Hyra {month}", "hyra lgh {unit}"), "cn": ("avgår kredit {cn}",), "less": ("avdrag skada",),
    },
    "no": {
        "one": ("{no}", "Faktura {no}", "KID {no}", "fakturanr {no} dato {date}"), "many": ("{nos}", "Fakturaer {nos}"), "none": ("Betaling", "Nettgiro", "kundenr {cust}"),
        "po": ("Bestilling {po}",), "rent": ("Husleie {month}", "leie {unit}"), "cn": ("kreditnota {cn}",), "less": ("trekk reklamasjon",),
    },
    "fi": {
        "one": ("{no}", "Lasku {no}", "laskunro {no}", "viite {no}"), "many": ("{nos}", "Laskut {nos}"), "none": ("Maksu", "tilisiirto", "asiakas {cust}"),
        "po": ("Tilaus {po}",), "rent": ("Vuokra {month}", "vuokra as {unit}"), "cn": ("hyvitys {cn}",), "less": ("vähennys reklamaatio",),
    },
    "da": {
        "one": ("{no}", "Faktura {no}", "fakt.nr {no}", "+71<{no}"), "many": ("{nos}", "Fakturaer {nos}"), "none": ("Overførsel", "Betaling", "kundenr {cust}"),
        "po": ("Ordre {po}",), "rent": ("Husleje {month}",), "cn": ("kreditnota {cn}",), "less": ("fradrag",),
    },
    "pl": {
        "one": ("{no}", "FV {no}", "Faktura VAT {no}", "zaplata za {no} z dnia {date}"), "many": ("{nos}", "FV {nos}"), "none": ("zapłata", "przelew", "klient {cust}"),
        "po": ("zam. {po}",), "rent": ("czynsz {month}",), "cn": ("korekta {cn}",), "less": ("potrącenie",),
    },
    "cs": {
        "one": ("{no}", "faktura {no}", "VS{no}", "/VS/{no} /KS/0308"), "many": ("{nos}", "faktury {nos}"), "none": ("platba", "úhrada", "klient {cust}"),
        "po": ("objednávka {po}",), "rent": ("nájem {month}",), "cn": ("dobropis {cn}",), "less": ("srážka",),
    },
    "pt": {
        "one": ("{no}", "Fatura {no}", "Pag. fatura {no}", "FT {no}"), "many": ("{nos}", "Faturas {nos}"), "none": ("Transferência", "pagamento {month}"),
        "po": ("Encomenda {po}",), "rent": ("Renda {month}",), "cn": ("nota de crédito {cn}",), "less": ("desconto danos",),
    },
    "ja": {
        "one": ("{no}", "ｾｲｷｭｳｼﾖ {no}", "請求書番号{no}", "INVOICE NO.{no}"), "many": ("{nos}", "請求書 {nos}"), "none": ("ﾌﾘｺﾐ", "お支払い", "振込"),
        "po": ("注文 {po}",), "rent": ("家賃 {month}",), "cn": ("CN {cn}",), "less": ("値引",),
    },
}  # fmt: skip
LANGUAGE: Final = {
    "DE": "de", "AT": "de", "CH": "de", "FR": "fr", "NL": "nl", "BE": "nl", "ES": "es", "IT": "it", "GB": "en", "US": "en", "SE": "sv", "NO": "no",
    "FI": "fi", "DK": "da", "PL": "pl", "CZ": "cs", "PT": "pt", "JP": "ja", "BH": "en",
}  # fmt: skip
MONTHS: Final = {
    "en": "Jan Feb March April May June July Aug Sept Oct Nov Dec", "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december", "fi": "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
}  # fmt: skip
# What stands beside the reference in real texts and only looks like one: {d7} is seven digits.
DECOYS: Final = (
    "Tel {d4}-{d7}", "LS {d7}", "Order {d6}", "Auftrag 45{d8}", "Vertrag {d8}", "contract {d6}-{d2}", "Lieferung {date}", "ID{d10}", "USt-ID DE{d9}", "VO {d5}",
    "Mandat {d6}", "dossier {d5}/{d2}", "ticket #{d6}", "Del.note {d7}", "RF {d5}", "{amt}", "KTO {d10}", "Proj {d4}", "ref {d8}", "{date}", "WO-{d6}", "PLZ {d5}",
)  # fmt: skip

# Statement lines that pay no open item: kind of case, sign, smallest and largest in whole units, who, texts.
Idle = tuple[str, int, int, int, str, tuple[str, ...]]
IDLE: Final[tuple[Idle, ...]] = (
    ("salary", -1, 1400, 7200, "person", ("Gehalt {month}", "SALARY {month}", "Lön {month}", "LOHN/GEHALT {d6}", "salaire {month}")),
    ("tax", -1, 300, 60000, "Finanzamt|HMRC VAT|Skatteverket|DGFIP|Urząd Skarbowy|Skatteetaten", ("USt {month} StNr {d3}/{d3}/{d5}", "VAT {d9} {month}", "IS acompte {d6}", "MVA {d4}")),
    ("tax_refund", 1, 200, 30000, "Finanzamt|HMRC|Skatteverket|Vero", ("Erstattung USt {month} {d9}", "VAT REPAYMENT {d9}", "palautus {d6}")),
    ("bank_fee", -1, 1, 90, "", ("Kontoführung {month}", "ACCOUNT CHARGES", "Entgelt Auslandszahlung {d8}", "frais de tenue de compte", "Kortavgift {d5}")),
    ("interest", 1, 1, 900, "", ("Habenzinsen {month}", "CREDIT INTEREST", "intérêts créditeurs", "Ränta {month}")),
    ("other_income", 1, 50, 9000, "Allianz Versicherung|Telekom AG|Energi Retur AB|Job Centre|AOK", ("Schaden {d8}", "Refund overpaid {d7}", "Bonus {d4}", "Zuschuss Az {d6}", "Erstattung {d7}", "insurance claim {d9}", "Fördermittel {d4}/{d2}")),
    ("supplier", -1, 30, 25000, "Amazon Business|Büro Plus GmbH|Nordkraft AS|Fuel Card Ltd|Spedition Kahl", ("Rechnung {d7}", "invoice {d6}", "Kd {d8} RG {d6}", "faktura {d7}", "leasing {d5} {month}")),
    ("loan", 1, 10000, 250000, "Hausbank|KfW|Credit Line", ("Darlehen {d8} Auszahlung", "LOAN DRAWDOWN {d6}")),
)  # fmt: skip
