# Who paid.

story: a payer that paid for this customer before
why: an alias is learned from what people applied
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  earlier  4 ACME 318.40 EUR from "HPS Zahlungsservice" account DE44500105175407324931 ref "Rg {number}"
  open     INV-1601 ACME 318.40 EUR
  open     INV-1602 BETA 318.40 EUR
  payment  P-1  318.40 EUR  from "HPS Zahlungsservice" account DE44500105175407324931 ref "Zahlung"
  allocate INV-1601 318.40
  whose    ACME
  decide   auto|review

story: a payer that paid for two customers
why: an alias that points two ways points nowhere
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  earlier  3 ACME 318.40 EUR from "HPS Zahlungsservice" account DE44500105175407324931 ref "Rg {number}"
  earlier  3 BETA 318.40 EUR from "HPS Zahlungsservice" account DE44500105175407324931 ref "Rg {number}"
  open     INV-1601 ACME 318.40 EUR
  open     INV-1602 BETA 318.40 EUR
  payment  P-1  318.40 EUR  from "HPS Zahlungsservice" account DE44500105175407324931 ref "Zahlung"
  never    auto

story: the parent company pays for its subsidiary
why: the group is on file, the number is the subsidiary's
  customer OMEGA "Omega Global Holdings LLC"
  customer OWEST "Omega West Division" parent OMEGA
  open     INV-04-001 OWEST 85000.00 USD
  payment  P-1  85000.00 USD  from "OMEGA GLOBAL HOLDINGS LLC" ref "INV-04-001 payment on behalf of Omega West Division"
  allocate INV-04-001 85000.00
  whose    OWEST
  decide   auto|review

story: the parent pays without a number
why: one open item in the whole group has that amount; a person may confirm it
  customer NEXUS "Nexus Parent Corp"
  customer NMID "Nexus Midwest LLC" parent NEXUS
  customer OTHER "Other Business Inc"
  open     INV-04-005 NMID 32517.20 USD
  open     INV-04-006 OTHER 900.00 USD
  payment  P-1  32517.20 USD  from "NEXUS PARENT CORP" ref "July"
  allocate INV-04-005 32517.20
  whose    NMID
  decide   auto|review

story: a factor pays two invoices of the customer
why: the alias is on file, the numbers are named
  customer LAKE "Lakeview Supplies Inc." aliases "Capital Receivables Corp"
  open     INV-04-002 LAKE 31000.00 USD
  open     INV-04-003 LAKE 25000.00 USD
  payment  P-1  56000.00 USD  from "CAPITAL RECEIVABLES CORP" ref "INV-04-002 INV-04-003 - factoring payment"
  allocate INV-04-002 31000.00
  allocate INV-04-003 25000.00
  whose    LAKE
  decide   auto|review

story: the bank cut the name after thirty-five signs
why: what is left is still the beginning of one name only
  customer BLACK "Blackstone Manufacturing Solutions and Services Corporation"
  customer BLUE "Bluestone Manufacturing Solutions Inc"
  open     INV-09-001 BLACK 36500.00 USD
  open     INV-09-010 BLUE 36500.00 USD
  payment  P-1  36500.00 USD  from "BLACKSTONE MANUFACTURING SOLUTIONS" ref "invoice"
  allocate INV-09-001 36500.00
  whose    BLACK
  decide   auto|review

story: the bank folded the letters
why: banks have no umlauts and no accents
  customer SCHU "Schünemann & Söhne Großhandel KG"
  customer SCHA "Schanemann Großhandel KG"
  open     INV-1603 SCHU 812.00 EUR
  open     INV-1604 SCHA 812.00 EUR
  payment  P-1  812.00 EUR  from "SCHUENEMANN UND SOEHNE GROSSHANDEL" ref "Rechnung"
  allocate INV-1603 812.00
  whose    SCHU
  decide   auto|review

story: a former name that is on file
why: the customer was bought and still pays under its old name
  customer CREST "Crestview Solutions Corp" aliases "Momentum Global Inc;Momentum"
  customer OTHER "Monument Global Ltd"
  open     INV-04-007 CREST 47250.00 USD
  open     INV-04-009 OTHER 47250.00 USD
  payment  P-1  47250.00 USD  from "MOMENTUM GLOBAL INC" ref "invoice June"
  allocate INV-04-007 47250.00
  whose    CREST
  decide   auto|review

story: abbreviated words in a name
why: "Elec Supply Co" is "Electrical Supply Company" to anybody who reads
  customer HIGH "Highland Electrical Supply Company"
  customer HILL "Hillside Products LLC"
  open     INV-09-007 HIGH 27500.00 USD
  open     INV-09-017 HILL 27500.00 USD
  payment  P-1  27500.00 USD  from "HIGHLAND ELEC SUPPLY CO" ref "payment"
  allocate INV-09-007 27500.00
  whose    HIGH
  decide   auto|review

story: the account outranks the name
why: IBANs do not have namesakes (ERPNext looks at them first too)
  customer ACME "Acme Industrie GmbH"
  customer ACMI "Acme Industrie Service GmbH"
  account  ACMI DE89370400440532013000
  open     INV-1605 ACME 99.00 EUR
  open     INV-1606 ACMI 99.00 EUR
  payment  P-1  99.00 EUR  from "ACME INDUSTRIE" account DE89370400440532013000 ref "Rechnung"
  allocate INV-1606 99.00
  whose    ACMI
  decide   auto|review

story: the IBAN is written with spaces
why: an account is its digits, not its blanks
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  account  ACME "DE89 3704 0044 0532 0130 00"
  open     INV-1607 ACME 99.00 EUR
  open     INV-1608 BETA 99.00 EUR
  payment  P-1  99.00 EUR  from "Kasse" account de89370400440532013000 ref "Rechnung"
  allocate INV-1607 99.00
  whose    ACME
  decide   auto|review

story: the reference names one customer's invoice, the payer is another customer with the same amount open
why: the number is written down, but money and name say otherwise: a person decides
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  account  BETA DE44500105175407324931
  open     4711 ACME 700.00 EUR
  open     4811 BETA 700.00 EUR
  payment  P-1  700.00 EUR  from "Beta Handels AG" account DE44500105175407324931 ref "4711"
  never    auto

story: numbers of an older system mean nothing here
why: a reference that belongs to nobody does not hide who paid and what fits
  customer PINN "Pinnacle Supply Inc."
  customer TRID "Trident Materials Corp"
  open     INV-07-007 PINN 31500.00 USD
  open     INV-07-008 TRID 44500.00 USD
  payment  P-1  31500.00 USD  from "PINNACLE SUPPLY INC" ref "Old ref: SAP-2024-112-A"
  allocate INV-07-007 31500.00
  whose    PINN
  decide   auto|review
