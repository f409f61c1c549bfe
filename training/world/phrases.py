"""What payers write on a transfer, by language: words for invoice, month, order, thanks and everything else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one language's remittance texts; `{}` stands for the reference."""

    invoice: tuple[str, ...]
    invoices: tuple[str, ...]
    credit: tuple[str, ...]
    customer: tuple[str, ...]
    order: tuple[str, ...]
    months: tuple[str, ...]
    partial: tuple[str, ...]
    instalment: tuple[str, ...]
    less_credit: tuple[str, ...]
    discount: tuple[str, ...]
    prepaid: tuple[str, ...]
    dated: tuple[str, ...]
    chatter: tuple[str, ...]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


PHRASES: dict[str, Phrases] = {
    "de": Phrases(
        _split(
            "Rechnung {}|Rg. {}|RE {}|Rechnungsnr. {}|Rg-Nr. {}|Rechnungsnummer: {}|{}|RNR {}|Rech.Nr.{}|Ihre Rechnung {}"
        ),
        _split("Rechnungen {}|Rg. {}|RE {}|{}|Rg-Nr. {}|Ihre Rechnungen Nr. {}"),
        _split("Gutschrift {}|GS {}|abzgl. Gutschrift {}|Gutschr. {}"),
        _split("Kundennr. {}|Kd-Nr. {}|KdNr {}|Kunde {}|KNR {}|Kundennummer {}"),
        _split("Bestellung {}|Bestell-Nr. {}|Auftrag {}|Best.Nr. {}|PO {}"),
        _split("Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"),
        _split("Teilzahlung|Teilbetrag|Abschlag|a conto|1. Teil"),
        _split("Rate {}|{}. Rate|Ratenzahlung {}"),
        _split("abzgl. GS {}|minus Gutschrift {}|./. GS {}"),
        _split("abzgl. {} % Skonto|- {}% Skonto|Skonto {} %"),
        _split("Vorauszahlung|Vorkasse|Anzahlung Auftrag|Vorab"),
        _split("vom {}|v. {}|{}"),
        _split(
            "Vielen Dank|Danke|Zahlung|Überweisung|wie besprochen|lt. Vereinbarung|Miete|Beitrag|Wartung|Lieferung|"
            "siehe Avis|Zahlungsavis folgt per Mail|Sammelüberweisung|Dauerauftrag|Mit freundlichen Grüßen|Material|"
            "Servicepauschale|Monatsbeitrag|Abo|Nachzahlung"
        ),
    ),
    "en": Phrases(
        _split(
            "Invoice {}|Inv {}|INV {}|Invoice no. {}|Inv# {}|{}|Invoice number {}|your invoice {}|Payment of invoice {}|re: {}"
        ),
        _split("Invoices {}|Inv {}|{}|Invs {}|Inv nos {}|Payment for invoices {}"),
        _split("credit note {}|CN {}|less credit {}|credit memo {}"),
        _split("Customer no {}|Acct {}|A/C {}|Client {}|Customer {}|account number {}"),
        _split("PO {}|Order {}|P.O. {}|Purchase order {}|PO# {}"),
        _split("January|February|March|April|May|June|July|August|September|October|November|December"),
        _split("part payment|partial|on account|part pmt|first part"),
        _split("instalment {}|installment {}|part {}"),
        _split("less CN {}|minus credit {}|net of credit note {}"),
        _split("less {}% discount|{} pct disc taken|disc {}%"),
        _split("prepayment|deposit|in advance|advance payment"),
        _split("dated {}|of {}|{}"),
        _split(
            "Thank you|Thanks|Payment|Bank transfer|as agreed|per contract|Rent|Subscription|Services|Goods|Supplier "
            "payment|remittance to follow|see remittance advice|standing order|faster payment|monthly fee|maintenance|"
            "Q payment|AP run|vendor payment"
        ),
    ),
    "fr": Phrases(
        _split(
            "Facture {}|Fact. {}|FA {}|Facture n° {}|Fac {}|{}|Règlement facture {}|Votre facture {}|Paiement {}"
        ),
        _split("Factures {}|Fact. {}|{}|Règlement factures {}|FA {}"),
        _split("avoir {}|AV {}|déduction avoir {}"),
        _split("Client {}|N° client {}|Code client {}|Réf client {}"),
        _split("Commande {}|Cde {}|BC {}|Bon de commande {}"),
        _split("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"),
        _split("acompte|règlement partiel|solde partiel|paiement partiel"),
        _split("échéance {}|mensualité {}|{}e échéance"),
        _split("moins avoir {}|déduit avoir {}"),
        _split("escompte {} %|- {}% escompte"),
        _split("acompte commande|paiement anticipé|provision"),
        _split("du {}|en date du {}|{}"),
        _split(
            "Merci|Virement|Règlement|Paiement|Loyer|Abonnement|Prestations|Fournitures|selon accord|comme convenu|"
            "avis suit|Honoraires|Maintenance|Cotisation"
        ),
    ),
    "nl": Phrases(
        _split(
            "Factuur {}|Fact. {}|Factuurnr {}|Fact.nr. {}|{}|Betaling factuur {}|uw factuur {}|Factuurnummer: {}"
        ),
        _split("Facturen {}|Fact {}|{}|Betaling facturen {}"),
        _split("creditnota {}|CN {}|min creditfactuur {}"),
        _split("Klantnr {}|Klantnummer {}|Debiteur {}|Deb.nr. {}"),
        _split("Order {}|Bestelling {}|Inkooporder {}|Ordernr {}"),
        _split("januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"),
        _split("deelbetaling|gedeeltelijk|voorschot"),
        _split("termijn {}|{}e termijn"),
        _split("minus creditnota {}|onder aftrek van {}"),
        _split("{}% korting|betalingskorting {}%"),
        _split("vooruitbetaling|aanbetaling"),
        _split("d.d. {}|van {}|{}"),
        _split(
            "Bedankt|Betaling|Huur|Abonnement|zoals afgesproken|Diensten|Levering|Contributie|Onderhoud|spoed"
        ),
    ),
    "it": Phrases(
        _split(
            "Fattura {}|Fatt. {}|Ft. {}|FT {}|Fattura n. {}|Saldo fattura {}|{}|Pagamento fatt. {}|Vs. fattura {}"
        ),
        _split("Fatture {}|Fatt. {}|Saldo fatture {}|{}|Ft. {}"),
        _split("nota credito {}|NC {}|meno nota di credito {}"),
        _split("Cliente {}|Cod. cliente {}|Codice cliente {}"),
        _split("Ordine {}|Ord. {}|OdA {}"),
        _split(
            "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"
        ),
        _split("acconto|pagamento parziale|parziale"),
        _split("rata {}|{}a rata"),
        _split("meno NC {}|al netto NC {}"),
        _split("sconto {}%|- {}% sconto"),
        _split("pagamento anticipato|caparra|anticipo"),
        _split("del {}|dd {}|{}"),
        _split(
            "Grazie|Bonifico|Saldo|Affitto|Canone|Abbonamento|Servizi|Fornitura|come concordato|Bonifico SEPA"
        ),
    ),
    "es": Phrases(
        _split(
            "Factura {}|Fra. {}|Fact {}|Factura nº {}|{}|Pago factura {}|Fra {}|Abono factura {}|S/factura {}"
        ),
        _split("Facturas {}|Fras. {}|{}|Pago facturas {}"),
        _split("abono {}|menos abono {}|nota de crédito {}"),
        _split("Cliente {}|Nº cliente {}|Cód. cliente {}"),
        _split("Pedido {}|Ped. {}|Orden {}"),
        _split("enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"),
        _split("pago parcial|a cuenta|anticipo parcial"),
        _split("plazo {}|cuota {}"),
        _split("menos abono {}|descontado abono {}"),
        _split("dto. pronto pago {}%|- {}% descuento"),
        _split("pago anticipado|anticipo|señal"),
        _split("de {}|de fecha {}|{}"),
        _split(
            "Gracias|Transferencia|Pago|Alquiler|Cuota|Suscripción|Servicios|Suministros|según acuerdo|Mantenimiento"
        ),
    ),
    "pl": Phrases(
        _split("Faktura {}|FV {}|Faktura nr {}|F-ra {}|{}|Zapłata za fakturę {}|FV nr {}|Płatność {}"),
        _split("Faktury {}|FV {}|{}|Zapłata za faktury {}"),
        _split("korekta {}|KOR {}|faktura korygująca {}"),
        _split("Klient {}|Nr klienta {}|Kod klienta {}"),
        _split("Zamówienie {}|Zam. {}|ZAM {}"),
        _split(
            "styczeń|luty|marzec|kwiecień|maj|czerwiec|lipiec|sierpień|wrzesień|październik|listopad|grudzień"
        ),
        _split("częściowa zapłata|zaliczka|część"),
        _split("rata {}|{} rata"),
        _split("minus korekta {}|po korekcie {}"),
        _split("skonto {}%|rabat {}%"),
        _split("przedpłata|zaliczka"),
        _split("z dnia {}|z {}|{}"),
        _split("Dziękuję|Przelew|Zapłata|Czynsz|Abonament|Usługi|Towar|zgodnie z umową|Składka"),
    ),
    "sv": Phrases(
        _split("Faktura {}|Fakt. {}|Fakturanr {}|{}|Betalning faktura {}|Fakturanummer {}|Fakt {}"),
        _split("Fakturor {}|Fakt {}|{}|Betaling fakturaer {}"),
        _split("kreditnota {}|kredit {}|kreditfaktura {}"),
        _split("Kundnr {}|Kundnummer {}|Kundenr {}"),
        _split("Order {}|Beställning {}|Ordrenr {}"),
        _split("januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december"),
        _split("delbetalning|delbetaling|a conto"),
        _split("delbetalning {}|rate {}|avbetalning {}"),
        _split("minus kredit {}|avdrag kreditnota {}"),
        _split("kassarabatt {}%|- {}% rabatt"),
        _split("förskott|forskudd|handpenning"),
        _split("daterad {}|av {}|{}"),
        _split("Tack|Betalning|Hyra|Abonnemang|enligt avtal|Tjänster|Takk|Husleie|Medlemsavgift|Service"),
    ),
    "fi": Phrases(
        _split("Lasku {}|Laskun nro {}|{}|Lasku nro {}|Laskunumero {}"),
        _split("Laskut {}|{}|Laskujen {} maksu"),
        _split("hyvityslasku {}|hyvitys {}"),
        _split("Asiakasnro {}|Asiakas {}"),
        _split("Tilaus {}|Tilausnro {}"),
        _split(
            "tammikuu|helmikuu|maaliskuu|huhtikuu|toukokuu|kesäkuu|heinäkuu|elokuu|syyskuu|lokakuu|marraskuu|joulukuu"
        ),
        _split("osamaksu|osasuoritus"),
        _split("erä {}|{}. erä"),
        _split("miinus hyvitys {}"),
        _split("kassa-alennus {}%"),
        _split("ennakkomaksu"),
        _split("pvm {}|{}"),
        _split("Kiitos|Maksu|Vuokra|Tilaus|Palvelut|sopimuksen mukaan"),
    ),
}
