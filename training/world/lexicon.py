"""The words that companies and people are named with, by language; small lists that combine to millions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameWords:
    """What a language names its companies and people with."""

    families: tuple[str, ...]
    givens: tuple[str, ...]
    places: tuple[str, ...]
    trades: tuple[str, ...]
    legal_forms: tuple[tuple[str, str], ...]
    joiner: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


def _forms(text: str) -> tuple[tuple[str, str], ...]:
    """`short=long words|...` as pairs; without `=` the short form has no written-out one."""
    pairs = []
    for entry in text.split("|"):
        short, _, long = entry.partition("=")
        pairs.append((short.strip(), long.strip() or short.strip()))
    return tuple(pairs)


FANTASY_HEADS = _words(
    "Alto Aqua Arda Astra Auro Axi Bel Bio Bora Calo Cen Cor Cyto Dala Delta Dyna Eco Ela Ener Euro Evo Fal Ferro "
    "Flexi Fonta Gala Geo Glo Hel Hydro Ida Indi Inno Inter Iso Kal Kin Kor Lumi Luna Lyra Mag Mar Medi Meta Mira "
    "Mono Nano Nava Neo Nor Nova Octa Omni Opti Ori Pan Para Penta Poly Prima Pro Quanta Reno Robo Sana Sol Sono "
    "Stella Sub Syn Tech Tele Terra Thermo Titan Trans Tri Ultra Uni Vari Vela Veri Vita Vivo Xeno Zeta Zyl"
)
FANTASY_TAILS = _words(
    "bit cept com con core cure dat dex dia dyn fact flow form gen graph grid lab lex line link lith log lux mat max "
    "med mer metric mind net nex nom nova phon plan plex port quest ris san sens set soft sol spec sys tec tek thek "
    "tica tis ton tor trac tron vance vent via vis vox ware wave works xia zon"
)

WORDS: dict[str, NameWords] = {
    "de": NameWords(
        _words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
            "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner "
            "Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs "
            "Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler "
            "Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer "
            "Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Kühn "
            "Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Gruber Steiner Moser Ebner"
        ),
        _words(
            "Hans Peter Klaus Wolfgang Jürgen Dieter Uwe Andreas Stefan Thomas Michael Christian Markus Florian Lukas "
            "Jonas Felix Paul Max Ursula Renate Monika Karin Sabine Petra Susanne Claudia Anja Katrin Nicole Julia "
            "Sarah Lena Hannah Sophie Björn Jörg Götz Käthe Dörte Jan-Philipp Anna-Lena"
        ),
        _words(
            "Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover "
            "Nürnberg Duisburg Bochum Wuppertal Bielefeld Bonn Münster Mannheim Augsburg Wiesbaden Kiel Lübeck Erfurt "
            "Rostock Mainz Kassel Halle Freiburg Saarland Potsdam Ulm Würzburg Regensburg Wien Graz Linz Salzburg "
            "Innsbruck Zürich Basel Bern Luzern Winterthur Schwarzwald Allgäu Ostsee Rhein Elbe Neckar"
        ),
        _words(
            "Bau Technik Maschinenbau Logistik Elektrotechnik Metallbau Gebäudereinigung Immobilien Handel Transporte "
            "Spedition Consulting Software Systeme Medizintechnik Dachdeckerei Tischlerei Sanitär Heizungsbau Druck "
            "Werbung Verlag Pharma Kunststofftechnik Fahrzeugbau Autohaus Bäckerei Brauerei Weingut Getränke "
            "Lebensmittel Gartenbau Hausverwaltung Steuerberatung Rechtsanwälte Ingenieurbüro Architekten Planung "
            "Energie Solar Umwelttechnik Entsorgung Sicherheitsdienst Personalservice Touristik Hotel Gastronomie "
            "Möbel Textil Optik Apotheke Büroservice Messebau Feinmechanik"
        ),
        _forms(
            "GmbH=Gesellschaft mit beschränkter Haftung|GmbH & Co. KG=GmbH & Co. Kommanditgesellschaft|"
            "AG=Aktiengesellschaft|KG=Kommanditgesellschaft|OHG=offene Handelsgesellschaft|UG (haftungsbeschränkt)|"
            "e.K.=eingetragener Kaufmann|eG=eingetragene Genossenschaft|GbR=Gesellschaft bürgerlichen Rechts|"
            "e.V.=eingetragener Verein|SE=Societas Europaea|GmbH|GmbH|GmbH"
        ),
        "und",
    ),
    "en": NameWords(
        _words(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White "
            "Roberts Green Hall Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell Rose Davis Rodgers "
            "Cox Alexander Marsh Holmes Grant Barker Hughes Fletcher Bennett Carter Griffin Sullivan Murphy O'Brien "
            "O'Connor Kelly Ryan Walsh Byrne MacDonald McLeod Campbell Stewart Ferguson Hamilton Douglas Garcia Miller "
            "Anderson Moore Nguyen Lee Harris Clark Young Allen King Hill Adams Baker Nelson Turner Parker Collins "
            "Edwards Morris Rogers Reed Cook Bailey Cooper Richardson Howard Ward Brooks Gray Price Sanders Ross"
        ),
        _words(
            "James John Robert Michael William David Richard Joseph Charles Daniel Matthew Andrew George Edward Oliver "
            "Harry Jack Thomas Mary Patricia Jennifer Linda Elizabeth Susan Jessica Sarah Karen Nancy Margaret Emily "
            "Emma Olivia Charlotte Amelia Grace Sophie Aisha Priya Mary-Ann"
        ),
        _words(
            "London Manchester Leeds Bristol Sheffield Liverpool Newcastle Nottingham Cardiff Glasgow Edinburgh Oxford "
            "Cambridge York Bath Brighton Boston Chicago Denver Austin Dallas Seattle Portland Atlanta Miami Phoenix "
            "Cleveland Dublin Cork Galway Midland Northern Western Pacific Atlantic Riverside Lakeside Highland Summit"
        ),
        _words(
            "Engineering Construction Logistics Consulting Software Systems Medical Foods Beverages Furniture Textiles "
            "Printing Media Marketing Energy Solar Plumbing Electrical Motors Aviation Shipping Freight Packaging "
            "Plastics Chemicals Pharma Security Staffing Recruitment Catering Hotels Travel Holdings Properties "
            "Estates Interiors Landscapes Dental Optics Analytics Robotics Networks Telecom Cleaning_Services "
            "Facility_Management Supplies Trading Wholesale Imports Partners Associates Industries Brothers Solutions"
        ),
        _forms(
            "Ltd=Limited|PLC=Public Limited Company|LLP=Limited Liability Partnership|Inc.=Incorporated|"
            "LLC=Limited Liability Company|Corp.=Corporation|Co.=Company|L.P.=Limited Partnership|Ltd=Limited|"
            "Inc.=Incorporated|Pty Ltd=Proprietary Limited|Pte. Ltd.=Private Limited"
        ),
        "and",
    ),
    "fr": NameWords(
        _words(
            "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel "
            "Garcia David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet "
            "François Martinez Legrand Garnier Faure Rousseau Blanc Guérin Müller Henry Roussel Nicolas Perrin Morin "
            "Mathieu Clément Gauthier Dumont Lopez Fontaine Chevalier Robin Masson Noël Gérard Brunet Lemaire Peeters "
            "Janssens Maes Jacobs Mertens Côté Tremblay Gagnon Pelletier"
        ),
        _words(
            "Jean Pierre Michel André Philippe Alain Bernard François Jacques Éric Frédéric Nicolas Julien Sébastien "
            "Rémi Hélène Marie Nathalie Isabelle Sylvie Catherine Chloé Léa Inès Manon Élodie Anaïs Jean-Luc Marie-Ève"
        ),
        _words(
            "Paris Lyon Marseille Toulouse Nice Nantes Strasbourg Montpellier Bordeaux Lille Rennes Reims Dijon Angers "
            "Grenoble Bruxelles Liège Namur Genève Lausanne Fribourg Neuchâtel Bretagne Provence Alsace Normandie"
        ),
        _words(
            "Bâtiment Travaux Transports Conseil Informatique Électricité Plomberie Menuiserie Boulangerie Imprimerie "
            "Édition Immobilier Gestion Services Logistique Agroalimentaire Viticole Pharmaceutique Matériaux Énergie "
            "Environnement Nettoyage Sécurité Intérim Hôtellerie Restauration Mobilier Textile Optique Automobiles "
            "Distribution Négoce Ingénierie Architecture Communication Paysages Maçonnerie Charpente"
        ),
        _forms(
            "SARL=Société à responsabilité limitée|SA=Société anonyme|SAS=Société par actions simplifiée|"
            "SASU=Société par actions simplifiée unipersonnelle|EURL|SNC=Société en nom collectif|"
            "SCI=Société civile immobilière|SRL=Société à responsabilité limitée|Sàrl|SAS=Société par actions simplifiée"
        ),
        "et",
    ),
    "nl": NameWords(
        _words(
            "de_Jong Jansen de_Vries van_den_Berg van_Dijk Bakker Janssen Visser Smit Meijer de_Boer Mulder de_Groot "
            "Bos Vos Peters Hendriks van_Leeuwen Dekker Brouwer de_Wit Dijkstra Smits de_Graaf van_der_Meer Kok Jacobs "
            "van_der_Linden Vermeulen Schouten van_Beek Willems Hoekstra Koster Prins Huisman Postma Kuipers Veenstra"
        ),
        _words(
            "Jan Pieter Willem Kees Henk Johan Daan Sem Bram Lars Thijs Anna Maria Johanna Sanne Lotte Fleur Eva "
            "Femke Marloes Geert Joost Maarten Wouter"
        ),
        _words(
            "Amsterdam Rotterdam Utrecht Eindhoven Tilburg Groningen Almere Breda Nijmegen Arnhem Haarlem Zwolle "
            "Leiden Maastricht Delft Gent Antwerpen Brugge Leuven Mechelen Noord Zuid Maas Holland"
        ),
        _words(
            "Bouw Techniek Installatie Transport Logistiek Advies Automatisering Schilders Timmerwerken Groothandel "
            "Handel Vastgoed Beheer Schoonmaak Beveiliging Horeca Bakkerij Slagerij Tuinen Drukkerij Uitgeverij "
            "Energie Zuivel Bloemen Kwekerij Scheepvaart Reizen Meubelen Optiek Administratie Onderhoud"
        ),
        _forms(
            "B.V.=Besloten Vennootschap|N.V.=Naamloze Vennootschap|V.O.F.=Vennootschap onder firma|C.V.|"
            "Coöperatie U.A.|Stichting|B.V.|BVBA|B.V."
        ),
        "en",
    ),
    "it": NameWords(
        _words(
            "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca Mancini "
            "Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli "
            "Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola D'Angelo Marchetti Parisi Villa"
        ),
        _words(
            "Giuseppe Antonio Giovanni Mario Luigi Roberto Stefano Marco Andrea Alessandro Matteo Lorenzo Niccolò "
            "Maria Anna Giulia Francesca Chiara Sara Elena Valentina Paola Giorgia Martina"
        ),
        _words(
            "Milano Roma Torino Napoli Bologna Firenze Genova Venezia Verona Padova Trieste Brescia Parma Modena Bari "
            "Catania Palermo Perugia Lugano Toscana Lombarda Adriatica Alpi"
        ),
        _words(
            "Costruzioni Impianti Trasporti Logistica Consulenza Informatica Alimentari Vini Arredamenti Tessuti "
            "Stampa Edizioni Immobiliare Servizi Pulizie Vigilanza Ristorazione Alberghi Meccanica Plastica Chimica "
            "Farmaceutica Energia Ambiente Ceramiche Calzature Ottica Officine Legnami"
        ),
        _forms(
            "S.r.l.=Società a responsabilità limitata|S.p.A.=Società per azioni|S.n.c.=Società in nome collettivo|"
            "S.a.s.=Società in accomandita semplice|S.r.l.s.|Soc. Coop.=Società cooperativa|S.r.l."
        ),
        "e",
    ),
    "es": NameWords(
        _words(
            "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
            "Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano "
            "Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido"
        ),
        _words(
            "Antonio José Manuel Francisco Juan David Javier Daniel Carlos Miguel Alejandro Álvaro Adrián Sergio María "
            "Carmen Ana Isabel Laura Cristina Marta Lucía Elena Pilar Raquel Begoña José_Luis María_José"
        ),
        _words(
            "Madrid Barcelona Valencia Sevilla Zaragoza Málaga Murcia Bilbao Alicante Córdoba Valladolid Vigo Gijón "
            "Granada Pamplona Santander Toledo Canarias Levante Ibérica Norte Mediterránea"
        ),
        _words(
            "Construcciones Instalaciones Transportes Logística Consultoría Informática Alimentación Bodegas Muebles "
            "Textiles Imprenta Editorial Inmobiliaria Servicios Limpiezas Seguridad Hostelería Hoteles Mecánica "
            "Plásticos Química Farmacia Energía Medioambiente Cerámicas Calzados Óptica Talleres Maderas Distribuciones"
        ),
        _forms(
            "S.L.=Sociedad Limitada|S.A.=Sociedad Anónima|S.L.U.=Sociedad Limitada Unipersonal|S. Coop.|"
            "C.B.=Comunidad de Bienes|S.L."
        ),
        "y",
    ),
    "pl": NameWords(
        _words(
            "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski "
            "Kozłowski Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Pawłowski "
            "Michalski Król Wieczorek Jabłoński Wróbel Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek"
        ),
        _words(
            "Jan Andrzej Piotr Krzysztof Stanisław Tomasz Paweł Józef Marcin Marek Michał Grzegorz Łukasz Anna Maria "
            "Katarzyna Małgorzata Agnieszka Barbara Ewa Krystyna Zofia Żaneta"
        ),
        _words(
            "Warszawa Kraków Łódź Wrocław Poznań Gdańsk Szczecin Lublin Katowice Białystok Gdynia Śląsk Mazowsze"
        ),
        _words(
            "Budownictwo Transport Logistyka Usługi Handel Instalacje Meble Drukarnia Konsulting Informatyka Energia "
            "Nieruchomości Ochrona Gastronomia Piekarnia Odzież Chemia Farmacja Auto-Serwis Hurtownia Spedycja Stolarka"
        ),
        _forms(
            "Sp. z o.o.=Spółka z ograniczoną odpowiedzialnością|S.A.=Spółka Akcyjna|Sp.j.=Spółka jawna|"
            "Sp. k.=Spółka komandytowa|P.H.U.|s.c.|Sp. z o.o."
        ),
        "i",
    ),
    "sv": NameWords(
        _words(
            "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson "
            "Jonsson Lindberg Lindström Lindqvist Sjöberg Åberg Öberg Hansen Johansen Olsen Larsen Andersen Nielsen "
            "Jensen Pedersen Sørensen Bjørnstad Dahl Haugen Berg Strand Lund Holm Nygård Møller Kjær Østergaard"
        ),
        _words(
            "Lars Anders Johan Erik Karl Per Nils Olof Mikael Björn Håkan Åke Jørgen Søren Kåre Anna Eva Maria Karin "
            "Kristina Birgitta Ingrid Linnéa Åsa Solveig Astrid Freja"
        ),
        _words(
            "Stockholm Göteborg Malmö Uppsala Västerås Örebro Linköping Umeå Oslo Bergen Trondheim Stavanger København "
            "Aarhus Odense Aalborg Norden Skåne Jylland Vestland"
        ),
        _words(
            "Bygg El Rör Måleri Åkeri Transport Konsult Data Fastigheter Städ Bemanning Livs Möbler Tryck Energi Skog "
            "Fiske Shipping Eiendom Regnskap Entreprenør Håndværk Byg Murer Tømrer Rådgivning Handel Maskin Verkstad"
        ),
        _forms(
            "AB=Aktiebolag|HB=Handelsbolag|KB|AS=Aksjeselskap|ASA|A/S=Aktieselskab|ApS=Anpartsselskab|AB|AS|A/S"
        ),
        "och",
    ),
    "fi": NameWords(
        _words(
            "Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Lehtinen "
            "Saarinen Salminen Heinonen Niemi Heikkilä Kinnunen Salonen Turunen Laitinen Tuominen Rantanen Karjalainen"
        ),
        _words(
            "Juha Timo Matti Kari Mikko Jari Antti Jukka Anne Päivi Anna Ritva Leena Pirjo Sari Tuula Äänis"
        ),
        _words("Helsinki Espoo Tampere Vantaa Oulu Turku Jyväskylä Lahti Kuopio Pori Häme Savo Lappi"),
        _words(
            "Rakennus Sähkö Kuljetus Konsultointi Tekniikka Kiinteistöt Siivous Ravintola Leipomo Puu Metalli Energia "
            "Paino Tili Huolto Ohjelmistot Kauppa Laiva"
        ),
        _forms("Oy=Osakeyhtiö|Oyj=julkinen osakeyhtiö|Ky=kommandiittiyhtiö|Tmi=toiminimi|Oy|Oy Ab"),
        "ja",
    ),
}
