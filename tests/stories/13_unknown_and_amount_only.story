# Payers nobody knows, and amounts that happen to fit.

story: an unknown payer sends exactly what one customer owes
why: amount alone is never enough to post (Odoo never, others do)
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-1301 ACME 431.17 EUR
  open     INV-1302 BETA 998.00 EUR
  payment  P-1  431.17 EUR  from "XYZ Trading" ref "payment"
  never    auto

story: the same without text and payer
why: a bare amount says nothing about who paid
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-1301 ACME 431.17 EUR
  payment  P-1  431.17 EUR
  never    auto

story: the policy may accept the amount alone
why: require_evidence_beyond_amount=false is looser, so it carries no guarantee
  policy   auto_threshold=0.5 require_evidence_beyond_amount=false
  customer ACME "Acme Industrie GmbH"
  open     INV-1301 ACME 431.17 EUR
  payment  P-1  431.17 EUR
  without  amount_only

story: an unknown payer whose amount fits two customers
why: a coincidence twice over
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-1303 ACME 500.00 EUR
  open     INV-1304 BETA 500.00 EUR
  payment  P-1  500.00 EUR  from "Kartenzahlung" ref "TERMINAL 54022"
  never    auto

story: nothing fits and nobody is known
why: then nothing is proposed, and that is said
  customer ACME "Acme Industrie GmbH"
  open     INV-1305 ACME 431.17 EUR
  payment  P-1  18.00 EUR  from "XYZ Trading" ref "danke"
  nothing
  unapplied 18.00
  whose    nobody
  decide   unmatched
  reason   unidentified_payer

story: two customers are called almost the same
why: if the name cannot tell them apart a person must
  customer M1 "Mueller GmbH"
  customer M2 "Mueller & Sohn GmbH"
  open     INV-1306 M1 260.00 EUR
  open     INV-1307 M2 260.00 EUR
  payment  P-1  260.00 EUR  from "MUELLER" ref "Rechnung"
  never    auto

story: two customers share one name
why: the same name in two towns; only the account or a number can tell
gap: customer numbers in a text are found, but a name shared by two customers still weighs more
  customer S1 "Stadtwerke Service GmbH" number 10440
  customer S2 "Stadtwerke Service GmbH" number 10551
  open     INV-1308 S1 260.00 EUR
  open     INV-1309 S2 260.00 EUR
  payment  P-1  260.00 EUR  from "Stadtwerke Service GmbH" ref "KdNr 10551"
  allocate INV-1309 260.00
  whose    S2
  decide   auto|review

story: a word every customer has in its name
why: "Trading" is no name
  customer C1 "Omega Trading Ltd"
  customer C2 "Sigma Trading Ltd"
  open     INV-1310 C1 615.00 GBP
  open     INV-1311 C2 820.00 GBP
  payment  P-1  615.00 GBP  from "LAMBDA TRADING LTD" ref "settlement"
  never    auto

story: an old payer account of one customer, the name of another
why: the evidence contradicts itself
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  account  ACME DE89370400440532013000
  open     INV-1312 ACME 700.00 EUR
  open     INV-1313 BETA 700.00 EUR
  payment  P-1  700.00 EUR  from "Beta Handels AG" account DE89370400440532013000 ref "Rechnung"
  never    auto
