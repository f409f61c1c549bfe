# One payment, one item.

story: the document number and the amount agree
why: the plainest case there is; a clerk would not stop to think
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     RE-2025-0417  ACME  1190.00 EUR
  open     RE-2025-0418  BETA   845.20 EUR
  payment  P-1  1190.00 EUR  from "ACME INDUSTRIE GMBH" ref "RE-2025-0417"
  allocate RE-2025-0417  1190.00
  unapplied 0
  whose    ACME
  decide   auto|review
  reason   reference_exact
  reason   amount_exact

story: the separators of the number were lost on the way
why: banks fold, cut and squeeze the remittance text
  customer ACME "Acme Industrie GmbH"
  open     RE-2025-0417  ACME  1190.00 EUR
  open     RE-2025-0471  ACME  1310.00 EUR
  payment  P-1  1190.00 EUR  from "ACME INDUSTRIE GMBH" ref "RECHNUNG RE20250417 VOM 03.03."
  allocate RE-2025-0417  1190.00
  decide   auto|review

story: only the digits at the end are named
why: customers type what they think is the number
  customer ACME "Acme Industrie GmbH"
  open     RE-2025-004217  ACME  512.40 EUR
  open     RE-2025-004231  ACME  611.00 EUR
  payment  P-1  512.40 EUR  from "Acme Industrie GmbH" ref "Re. 4217"
  allocate RE-2025-004217  512.40
  decide   auto|review

story: the number is broken over two lines of the statement
why: statement lines have 27 signs, and numbers do not care
  customer ACME "Acme Industrie GmbH"
  open     RE-2025-004217  ACME  512.40 EUR
  open     RE-2025-004271  ACME  980.00 EUR
  payment  P-1  512.40 EUR  from "Acme Industrie GmbH" ref "DANKE FUER RECHNUNG RE-2025-0 04217 KD 881"
  allocate RE-2025-004217  512.40
  decide   auto|review

story: letter O and digit zero are mixed up
why: somebody typed from a scan
  customer ACME "Acme Industrie GmbH"
  open     A0B-10208  ACME  77.10 EUR
  open     A0B-10288  ACME  91.10 EUR
  payment  P-1  77.10 EUR  from "Acme Industrie GmbH" ref "AOB-1O2O8"
  allocate A0B-10208  77.10
  decide   auto|review

story: two digits changed places, the rest speaks for one item
why: amount and payer are right and no other item has that number
  customer ACME "Acme Industrie GmbH"
  open     INV-583921  ACME  433.70 EUR
  open     INV-640022  ACME  512.00 EUR
  payment  P-1  433.70 EUR  from "Acme Industrie GmbH" ref "invoice INV-583291"
  allocate INV-583921  433.70
  decide   auto|review

story: a creditor reference of ISO 11649 in its own field
why: structured references exist so that nobody has to guess
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     10077 ACME 250.00 EUR payref RF18539007547034
  open     10078 BETA 250.00 EUR payref RF45539007547033
  payment  P-1  250.00 EUR  from "Jane Doe" structured RF18539007547034
  allocate 10077 250.00
  whose    ACME
  decide   auto|review
  reason   structured_reference|reference_exact

story: the same creditor reference in groups of four inside the text
why: people print it in groups and type it in groups
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     10077 ACME 250.00 EUR payref RF18539007547034
  open     10078 BETA 250.00 EUR payref RF45539007547033
  payment  P-1  250.00 EUR  from "Acme Industrie" ref "RF18 5390 0754 7034"
  allocate 10077 250.00
  decide   auto|review

story: a Belgian structured communication between plus signs
why: the OGM is the whole remittance in Belgium
  customer BEL "Brasserie du Parc SPRL"
  customer FLA "Vlaamse Tegels NV"
  open     2025-118 BEL 363.00 EUR payref "+++090/9337/55493+++"
  open     2025-119 FLA 363.00 EUR payref "+++010/8068/17183+++"
  payment  P-1  363.00 EUR  from "BRASSERIE DU PARC" ref "+++090/9337/55493+++"
  allocate 2025-118 363.00
  decide   auto|review

story: a Swiss QR reference without its spaces
why: twenty-seven digits, the last one checks the others
  customer CH1 "Bergbahn Matten AG"
  open     778 CH1 540.00 CHF payref "21 00000 00003 13947 14300 09017"
  payment  P-1  540.00 CHF  from "Bergbahn Matten" structured 210000000003139471430009017
  allocate 778 540.00
  decide   auto|review

story: the end-to-end id is the document number
why: direct debits and payment links carry our own id back
  customer ACME "Acme Industrie GmbH"
  open     INV-20031 ACME 99.00 EUR
  open     INV-20032 ACME 199.00 EUR
  payment  P-1  99.00 EUR  from "ACME" e2e INV-20031
  allocate INV-20031 99.00
  decide   auto|review

story: the customer pays by its own purchase order
why: large buyers know their orders, not our invoices
  customer GRAN "Granite Products Co."
  open     INV-01-007 GRAN 27300.00 USD po PO-9901
  open     INV-01-008 GRAN 21300.00 USD po PO-9902
  payment  P-1  27300.00 USD  from "GRANITE PRODUCTS CO" ref "PO-9901"
  allocate INV-01-007 27300.00
  decide   auto|review
  reason   purchase_order|reference_exact

story: no reference, but the account is on file and one item fits
why: who pays and how much is evidence enough to propose
  customer ACME "Acme Industrie GmbH"
  account  ACME DE89370400440532013000
  open     INV-31 ACME 148.75 EUR
  open     INV-32 ACME 260.00 EUR
  payment  P-1  148.75 EUR  from "A. Meier" account DE89370400440532013000 ref "Danke"
  allocate INV-31 148.75
  whose    ACME
  decide   auto|review
  reason   customer_known_account

story: two customers owe the same, the payer's name tells which
why: the name is the only difference between right and wrong
  customer ALFA "Alfa Bau GmbH"
  customer OMEG "Omega Textil AG"
  open     INV-41 ALFA 1000.00 EUR
  open     INV-42 OMEG 1000.00 EUR
  payment  P-1  1000.00 EUR  from "OMEGA TEXTIL AG" ref "Rechnung Maerz"
  allocate INV-42 1000.00
  whose    OMEG
  decide   auto|review

story: the name stands in the text and back to front
why: the bank gives no payer, the customer signs with surname first (after a test of Odoo)
  customer HADD "Archibald Haddock"
  customer TOUR "Tryphon Tournesol"
  open     F-901 HADD 100.00 EUR
  open     F-902 TOUR 130.00 EUR
  payment  P-1  100.00 EUR  ref "1234//HADDOCK-Archibald"
  allocate F-901 100.00
  whose    HADD
  decide   auto|review

story: a plus sign in a name is only a sign
why: names are data, never patterns (after a test of Odoo)
  customer HADD "Archibald + Haddock"
  open     F-901 HADD 100.00 EUR
  payment  P-1  100.00 EUR  ref "HADDOCK+Archibald"
  allocate F-901 100.00
  decide   auto|review

story: what is open counts, not what was invoiced
why: an item paid in part is worth the rest
  customer ACME "Acme Industrie GmbH"
  open     INV-51 ACME 1000.00 EUR left 400.00
  payment  P-1  400.00 EUR  from "Acme Industrie GmbH" ref "INV-51 Rest"
  allocate INV-51 400.00
  unapplied 0
  decide   auto|review

story: yen have no decimals
why: 12000 yen are not 120.00
  customer KYO "Kyoto Optics KK"
  open     JP-11 KYO 12000 JPY
  open     JP-12 KYO 120 JPY
  payment  P-1  12000 JPY  from "Kyoto Optics KK" ref "JP-11"
  allocate JP-11 12000
  unapplied 0
  decide   auto|review

story: dinars of Bahrain have three decimals
why: a thousandth is money there
  customer BAH "Manama Trading WLL"
  open     B-1 BAH 18.525 BHD
  open     B-2 BAH 18.520 BHD
  payment  P-1  18.525 BHD  from "Manama Trading WLL" ref "B-1"
  allocate B-1 18.525
  unapplied 0
  decide   auto|review

story: a number that contains another number is another number
why: INV-100 must not swallow what pays INV-10
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-10   BETA  300.00 EUR
  open     INV-100  ACME  300.00 EUR
  open     INV-1000 ACME  300.00 EUR
  payment  P-1  300.00 EUR  from "Acme Industrie GmbH" ref "INV-100"
  allocate INV-100 300.00
  decide   auto|review

story: two numbers that are merely similar are not the same
why: a fuzzy rule that takes 12345 for 12399 pays the wrong customer (after a test of Blnk)
  customer ACME "Acme Industrie GmbH"
  open     12345 ACME 300.00 EUR
  payment  P-1  300.00 EUR  from "Somebody Else Ltd" ref "12399"
  never    auto

story: a telephone number is no document number
why: texts are full of digits that mean nothing
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     4930123 BETA 88.00 EUR
  open     4930999 ACME 88.00 EUR
  payment  P-1  88.00 EUR  from "Acme Industrie GmbH" ref "Rueckfragen unter Tel. 030 4930123"
  never    auto

story: void and draft documents are no open items
why: nobody owes what was cancelled or never sent
  customer ACME "Acme Industrie GmbH"
  open     INV-61 ACME 500.00 EUR status void
  open     INV-62 ACME 500.00 EUR status draft
  payment  P-1  500.00 EUR  from "Acme Industrie GmbH" ref "INV-61 INV-62"
  nothing
  unapplied 500.00
  whose    ACME
  never    auto

story: money out never settles an invoice
why: we do not owe what the customer owes
  customer ACME "Acme Industrie GmbH"
  open     INV-71 ACME 640.00 EUR
  payment  P-1  -640.00 EUR  from "Acme Industrie GmbH" ref "INV-71"
  spared   INV-71
  never    auto

story: money in never settles a credit memo by itself
why: a credit memo is what we owe the customer
  customer ACME "Acme Industrie GmbH"
  credit   GS-71 ACME 640.00 EUR
  payment  P-1  640.00 EUR  from "Acme Industrie GmbH" ref "GS-71"
  spared   GS-71
  never    auto

story: a debit note is settled like an invoice
why: it is an open item of the customer
  customer ACME "Acme Industrie GmbH"
  debit    DN-5 ACME 35.00 EUR
  open     INV-6 ACME 60.00 EUR
  payment  P-1  35.00 EUR  from "Acme Industrie GmbH" ref "DN-5"
  allocate DN-5 35.00
  decide   auto|review

story: the bank gives no payer, the reference is enough to propose
why: some statements carry nothing but text (after a test of Odoo)
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     Tournicoti66 ACME 95.00 EUR
  open     Tournicoti67 BETA 95.00 EUR
  payment  P-1  95.00 EUR  ref "Tournicoti66"
  allocate Tournicoti66 95.00
  decide   auto|review

story: somebody else pays the invoice of a customer by its number
why: a wife, a sister company, an insurer: the number says whose debt it is
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     RE-2025-0417  ACME  1190.00 EUR
  open     RE-2025-0418  BETA   845.20 EUR
  payment  P-1  1190.00 EUR  from "Hausverwaltung Sommer" ref "RE-2025-0417 Acme"
  allocate RE-2025-0417  1190.00
  whose    ACME
  decide   auto|review

story: a number is called by its middle
why: what ends INV0009973-01 is a version, and nobody writes it
  customer THIE "Clinique Saint-Thierry SAS"
  open     INV0009973-01 THIE 151.40 EUR
  open     INV0010550-01 THIE 151.40 EUR
  payment  P-1  151.40 EUR  on 2025-03-03 from "CLINIQUE SAINT-THIERRY" ref "FACT 9973"
  allocate INV0009973-01 151.40
  decide   auto|review
