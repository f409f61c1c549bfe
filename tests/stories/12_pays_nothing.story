# Lines that pay no open item.

story: money moves between our own accounts
why: it comes from us, so nobody paid anything
  customer ACME "Acme Industrie GmbH"
  own      DE02120300000000202051 currency EUR
  own      DE02500105170137075030 currency EUR
  open     INV-1201 ACME 5000.00 EUR
  payment  P-1  5000.00 EUR  account DE02500105170137075030 into DE02120300000000202051 ref "Umbuchung"
  nothing
  decide   unmatched
  reason   own_transfer

story: the same where the policy dismisses
why: dismiss=auto; only what is sure is dismissed, the rest is looked at
  policy   auto_threshold=0.5 dismiss=auto
  customer ACME "Acme Industrie GmbH"
  own      DE02120300000000202051 currency EUR
  own      DE02500105170137075030 currency EUR
  open     INV-1201 ACME 5000.00 EUR
  payment  P-1  5000.00 EUR  account DE02500105170137075030 into DE02120300000000202051 ref "Umbuchung"
  nothing
  decide   dismissed|review
  reason   own_transfer

story: the source calls it a transfer
why: kind=transfer is known, not guessed
  customer ACME "Acme Industrie GmbH"
  open     INV-1202 ACME 5000.00 EUR
  payment  P-1  5000.00 EUR  kind transfer ref "sweep"
  nothing
  kind     transfer
  never    auto|dismissed

story: salaries go out
why: money out to people is not our customers' business
  customer ACME "Acme Industrie GmbH"
  open     INV-1203 ACME 2311.40 EUR
  payment  P-1  -2311.40 EUR  from "Petra Klein" ref "LOHN/GEHALT 03/2025"
  nothing
  never    auto|dismissed
  reason   salary

story: the bank takes its fee
why: a charge of the bank pays no invoice
  customer ACME "Acme Industrie GmbH"
  open     INV-1204 ACME 12.90 EUR
  payment  P-1  -12.90 EUR  ref "Kontofuehrungsentgelt 1. Quartal"
  nothing
  never    auto|dismissed
  reason   bank_fee_line

story: the tax office is paid
why: money out to a tax office
  customer ACME "Acme Industrie GmbH"
  open     INV-1205 ACME 3200.00 EUR
  payment  P-1  -3200.00 EUR  from "Finanzamt Koeln-Mitte" ref "UST 02/2025 StNr 215/5831/0042"
  nothing
  never    auto|dismissed
  reason   tax

story: the tax office pays back an amount that fits an invoice
why: an authority is no customer, and a coincidence is no evidence
  customer ACME "Acme Industrie GmbH"
  open     INV-1206 ACME 1480.00 EUR
  payment  P-1  1480.00 EUR  from "Finanzamt Koeln-Mitte" ref "Erstattung Umsatzsteuer 2024 StNr 215/5831/0042"
  never    auto

story: interest is credited
why: income that was never invoiced
  customer ACME "Acme Industrie GmbH"
  open     INV-1207 ACME 850.00 EUR
  payment  P-1  3.17 EUR  from "Sparkasse KoelnBonn" ref "Zinsen Habensaldo"
  nothing
  never    auto|dismissed

story: an advance payment for an order that is not invoiced yet
why: known customer, nothing to settle: the cash stays on its account
  customer ANCH "Anchor Industries Inc"
  open     INV-08-003 ANCH 8800.00 USD
  payment  P-1  75000.00 USD  from "ANCHOR INDUSTRIES INC" ref "PREPAYMENT for order PO-8850 Q3 production run"
  nothing
  unapplied 75000.00
  whose    ANCH
  never    auto|dismissed
  reason   on_account

story: a known customer pays an amount that fits nothing
why: better on account than on a wrong invoice
  customer ACME "Acme Industrie GmbH"
  account  ACME DE89370400440532013000
  open     INV-1209 ACME 4100.00 EUR
  payment  P-1  77.70 EUR  from "Acme Industrie GmbH" account DE89370400440532013000 ref "a conto"
  whose    ACME
  never    auto|dismissed

story: our own name pays in from our other bank
why: the account is ours, so the words do not matter, not even an invoice number
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  own      DE02120300000000202051 currency EUR
  own      DE02500105170137075030 currency EUR
  open     INV-1210 ACME 2500.00 EUR
  payment  P-1  2500.00 EUR  from "Wir Selbst GmbH" account DE02500105170137075030 into DE02120300000000202051 ref "Weiterleitung INV-1210"
  never    auto
