# Payments in another currency than the item.

story: euro pay a dollar invoice at the day's rate
why: the items are right, and by default a person confirms the rate
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-801 ACME 1080.00 USD
  rate     2025-03-28 EUR USD 1.0800
  payment  P-1  1000.00 EUR  from "Acme Industrie GmbH" ref "INV-801"
  allocate INV-801 1080.00
  unapplied 0
  decide   review
  reason   cross_currency

story: the same where the policy lets currencies cross
why: cross_currency=allow
  policy   auto_threshold=0.5 cross_currency=allow
  customer ACME "Acme Industrie GmbH"
  open     INV-801 ACME 1080.00 USD
  rate     2025-03-28 EUR USD 1.0800
  payment  P-1  1000.00 EUR  from "Acme Industrie GmbH" ref "INV-801"
  allocate INV-801 1080.00
  unapplied 0
  decide   auto|review
  without  cross_currency

story: the rate is quoted the other way round
why: one dollar in euro says the same as one euro in dollars
  customer ACME "Acme Industrie GmbH"
  open     INV-802 ACME 1250.00 USD
  rate     2025-03-28 USD EUR 0.8000
  payment  P-1  1000.00 EUR  from "Acme Industrie GmbH" ref "INV-802"
  allocate INV-802 1250.00
  unapplied 0
  never    auto

story: the rate of the booking day counts, not yesterday's
why: with Thursday's rate the amount is off, with Friday's it is exact
  customer ACME "Acme Industrie GmbH"
  open     INV-803 ACME 1100.00 USD
  open     INV-804 ACME 1060.00 USD
  rate     2025-03-27 EUR USD 1.0600
  rate     2025-03-28 EUR USD 1.1000
  payment  P-1  1000.00 EUR  on 2025-03-28 from "Acme Industrie GmbH" ref "Invoice March"
  spared   INV-804
  never    auto

story: there is no rate
why: what cannot be converted is not compared, and the reason is said
  customer ACME "Acme Industrie GmbH"
  open     INV-805 ACME 1080.00 USD
  payment  P-1  1000.00 EUR  from "Acme Industrie GmbH" ref "INV-805"
  spared   INV-805
  never    auto
  reason   missing_rate

story: equal numbers in different currencies are different amounts
why: a thousand yen are not a thousand euro
  customer KYO "Kyoto Optics KK"
  customer ACME "Acme Industrie GmbH"
  open     INV-806 KYO  1000 JPY
  open     INV-807 ACME 2000.00 EUR
  rate     2025-03-28 EUR JPY 160.00
  payment  P-1  1000.00 EUR  from "Unbekannt" ref "Zahlung"
  spared   INV-806
  never    auto

story: the customer owes the same number in two currencies
why: the payment's own currency comes first
  customer ACME "Acme Industrie GmbH"
  open     INV-808 ACME 500.00 USD
  open     INV-809 ACME 500.00 EUR
  rate     2025-03-28 EUR USD 1.0800
  payment  P-1  500.00 EUR  from "Acme Industrie GmbH" ref "Rechnung"
  allocate INV-809 500.00
  decide   auto|review

story: the bank tells the amount that was ordered
why: ordered were exactly the dollars of the invoice; what arrived are euro
  customer ACME "Acme Industrie Corp"
  open     INV-810 ACME 1000.00 USD
  rate     2025-03-28 EUR USD 1.0900
  payment  P-1  914.20 EUR  from "Acme Industrie Corp" ref "INV-810" original 1000.00 original_currency USD
  allocate INV-810 1000.00
  unapplied 0
  never    auto

story: yen pay a euro invoice
why: the minor units of both currencies differ by a hundred
  customer KYO "Kyoto Optics KK"
  open     INV-811 KYO 125.00 EUR
  rate     2025-03-28 EUR JPY 160.00
  payment  P-1  20000 JPY  from "Kyoto Optics KK" ref "INV-811"
  allocate INV-811 125.00
  unapplied 0
  never    auto

story: a small difference of rates is no write-off
why: the customer converted at its own rate; realised FX is a journal line
  policy   auto_threshold=0.5 cross_currency=allow
  customer AMS "Amsterdam Supply BV"
  open     INV-812 AMS 29700.00 USD
  rate     2025-03-28 EUR USD 1.0800
  payment  P-1  27407.00 EUR  from "AMSTERDAM SUPPLY BV" ref "INV-812"
  allocate INV-812 29700.00
  unapplied 0

story: a dollar payment names the euro it came from
why: the invoice is in dollars, the cash is in dollars, the text is only a story
  customer BERL "Berlin Components GmbH"
  open     INV-05-001 BERL 54000.00 USD
  rate     2025-03-28 EUR USD 1.0800
  payment  P-1  54000.00 USD  from "BERLIN COMPONENTS GMBH" ref "INV-05-001 EUR 50000 @ 1.08"
  allocate INV-05-001 54000.00
  unapplied 0
  decide   auto|review
  without  cross_currency
