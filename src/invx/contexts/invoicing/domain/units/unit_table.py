"""The units of quantities that documents may use: code, name, and what else people call them."""

# Code, name, and after a colon further names, comma-separated. Every name also works in lower or
# upper case; a regular plural (`days`) need not be listed.
TABLE = """
C62 one: unit, u, 1
H87 piece: pc, pcs, pce, stk, stück, stueck
EA each: ea
NAR number of articles: article
NPR number of pairs
NIU number of international units
NCL number of cells
NPT number of parts: part
PR pair
SET set
KT kit
DZN dozen
DZP dozen packs
DPR dozen pairs
DPC dozen pieces
DRL dozen rolls
GRO gross
GGR great gross
SCO score
CEN hundred
HC hundred count
MIL thousand
T3 thousand pieces
MIO million
MLD milliard: billion
TP ten pack
TPR ten pairs
QR quire
RM ream
ST sheet
LEF leaf
P1 percent: %, prozent
59 part per million: ppm
LS lump sum: flat, flat rate, lumpsum, pauschal, pauschale
1I fixed rate: fixed
5B batch
AS assortment
ZZ mutually defined
10 group
11 outfit
13 ration
20 twenty foot container: teu
21 forty foot container: feu
E48 service unit: service
E50 accounting unit
E51 job
E49 working day: workday, man-day, person-day, arbeitstag
LH labour hour: labor hour, man-hour, person-hour, arbeitsstunde
IE person: user, seat, head
E54 trip
E53 test
E55 use
C0 call
NIL nil
AB bulk pack
2P kilobyte: kb
AD byte
A99 bit
4L megabyte: mb
E34 gigabyte: gb
E35 terabyte: tb
E36 petabyte: pb
C37 kilobit: kbit
D36 megabit: mbit
B68 gigabit: gbit
E63 mebibyte: mib
E62 gibibyte: gib
E61 tebibyte: tib
E64 kibibyte: kib
A86 gigahertz: ghz
E20 megabit per second: mbit/s, mbps
B80 gigabit per second: gbit/s, gbps
C74 kilobit per second: kbit/s
E39 dots per inch: dpi
E38 megapixel
E37 pixel
IA inch pound
SEC second: s, sec, sekunde
MIN minute: min
HUR hour: h, hr, hrs, std, stunde, stunden
DAY day: d, tag, tage
WEE week: wk, woche, wochen
MON month: mo, mth, monat, monate
QAN quarter: quarter of a year, quartal
SAN half year: six months, halbjahr
ANN year: yr, jahr, jahre
DEC decade
C26 millisecond: ms
B98 microsecond: µs
C47 nanosecond: ns
D03 kilowatt hour per hour: kw·h/h
MMT millimetre: mm, millimeter
CMT centimetre: cm, centimeter
DMT decimetre: dm, decimeter
MTR metre: m, meter
HMT hectometre: hm
KMT kilometre: km, kilometer
4H micrometre: µm, micron
C45 nanometre: nm
INH inch: in, inches, zoll
FOT foot: ft, feet
YRD yard: yd
SMI mile: mi, statute mile
NMI nautical mile: nmi
LM linear metre: running metre, lfm, laufmeter
LF linear foot
LK link
AK fathom
TKM tonne kilometre: tkm
MMK square millimetre: mm2, mm²
CMK square centimetre: cm2, cm²
DMK square decimetre: dm2, dm²
MTK square metre: m2, m², sqm, qm, square meter
KMK square kilometre: km2, km²
INK square inch: in2, in², sq in
FTK square foot: ft2, ft², sqft, square feet
YDK square yard: yd2, yd², sq yd
MIK square mile
ARE are
HAR hectare: ha, hektar
ACR acre
MMQ cubic millimetre: mm3, mm³
CMQ cubic centimetre: cm3, cm³, ccm
DMQ cubic decimetre: dm3, dm³
MTQ cubic metre: m3, m³, cbm, cubic meter
INQ cubic inch: in3, in³
FTQ cubic foot: ft3, ft³, cubic feet
YDQ cubic yard: yd3, yd³
NM3 normalised cubic metre: nm3, nm³
SM3 standard cubic metre
MLT millilitre: ml, milliliter
CLT centilitre: cl, centiliter
DLT decilitre: dl, deciliter
LTR litre: l, liter, ltr
HLT hectolitre: hl, hectoliter
K6 kilolitre: kl
LPA litre of pure alcohol
GLL gallon: gal, us gallon
GLI imperial gallon: gallon (uk)
QTL quart: qt, us quart
QTI imperial quart
PTL pint: pt, us pint
PTI imperial pint
OZA fluid ounce: fl oz, us fluid ounce
OZI imperial fluid ounce
BLL barrel: bbl, petroleum barrel
BUA bushel
BFT board foot
WCD cord
G26 stere
MGM milligram: mg
CGM centigram: cg
GRM gram: g, gramm
HGM hectogram: hg
KGM kilogram: kg, kilo, kilogramm
DTN decitonne: dt, quintal, dezitonne
TNE tonne: t, metric ton
KTN kilotonne
MC microgram: µg
CTM metric carat: carat, ct
LBR pound: lb, lbs
ONZ ounce: oz
APZ troy ounce: oz t, fine ounce
GRN grain
STI stone
CWI hundredweight: cwt, long hundredweight
CWA short hundredweight
STN short ton: us ton
LTN long ton: imperial ton
58 net kilogram
KSD kilogram of substance 90 % dry
GM gram per square metre: gsm, g/m2, g/m²
28 kilogram per square metre: kg/m2, kg/m²
KMQ kilogram per cubic metre: kg/m3, kg/m³
GL gram per litre: g/l
D41 tonne per cubic metre
WTT watt: w
KWT kilowatt: kw
MAW megawatt
A90 gigawatt: gw
D31 terawatt: tw
C31 milliwatt
BHP brake horse power
HJ metric horse power
WHR watt hour: wh
KWH kilowatt hour: kwh
MWH megawatt hour: mwh
GWH gigawatt hour: gwh
D32 terawatt hour: twh
KVA kilovolt ampere: kva
MVA megavolt ampere: mva
D46 volt ampere: va
KVR kilovar: kvar
K3 kilovolt ampere reactive hour: kvarh
K5 kilovolt ampere reactive
JOU joule: j
KJO kilojoule: kj
3B megajoule
GV gigajoule: gj
D30 terajoule: tj
BTU British thermal unit
N71 therm (EC): therm
E14 kilocalorie: kcal
D70 calorie: cal
AMP ampere
4K milliampere: ma
AMH ampere hour: ah
E09 milliampere hour: mah
VLT volt: v
KVT kilovolt: kv
2Z millivolt: mv
OHM ohm
B49 kiloohm
FAR farad
HTZ hertz: hz
KHZ kilohertz: khz
MHZ megahertz: mhz
LUM lumen: lm
LUX lux
CDL candela: cd
2N decibel: db
NEW newton: n
B47 kilonewton
NU newton metre
PAL pascal: pa
A97 hectopascal: hpa
KPA kilopascal: kpa
MPA megapascal: mpa
BAR bar
MBR millibar: mbar
ATM standard atmosphere: atm
PS pound per square inch: psi
CEL degree Celsius: °c
FAH degree Fahrenheit: °f
KEL kelvin
DD degree: °
C81 radian
KMH kilometre per hour: km/h
MTS metre per second: m/s
HM mile per hour: mph
KNT knot: kn
RPM revolutions per minute
LD litre per day: l/d
L2 litre per minute: l/min
E32 litre per hour: l/h
MQH cubic metre per hour: m3/h, m³/h
MQS cubic metre per second: m3/s, m³/s
KGS kilogram per second: kg/s
E93 kilogram per hour: kg/h
P2 pound per foot
C34 mole: mol
D43 unified atomic mass unit
CUR curie
BQL becquerel: bq
X1A steel drum
XAE aerosol
XAM ampoule
XAT atomiser
XBA barrel (package)
XBB bobbin
XBC bottlecrate
XBD board (package)
XBE bundle
XBG bag
XBH bunch
XBI bin
XBJ bucket
XBK basket
XBL compressed bale: bale
XBO bottle: flasche
XBR bar (package)
XBT bolt
XBX box: schachtel
XCA rectangular can
XCG cage
XCI canister
XCN container
XCQ cartridge
XCR crate: kiste
XCS case
XCT carton: ctn, karton
XCU cup
XCX cylindrical can: can
XCY cylinder
XDR drum
XEN envelope
XFD framed crate
XJR jar
XJY jerrican
XKG keg
XLV liftvan
XLZ bundled logs
XMB multiply bag
XNE unpacked: unpackaged
XNT net
XOA pallet, CHEP
XP2 pan
XPA packet: pkt
XPB pallet box
XPC parcel: paket
XPF pen
XPG plate
XPH pitcher
XPK package: pack, pkg, packung
XPL pail
XPP piece (package): XPP
XPR plastic receptacle
XPU tray
XPX pallet: palette
XRL reel
XRO roll: rolle
XSA sack: sack
XSC shallow crate
XSH sachet
XSI skid
XSL slipsheet
XSM sheetmetal
XSS steel case
XST sheet (package)
XSW shrinkwrapped
XTB tub
XTI tierce
XTK tank
XTN tin
XTO tun
XTR trunk
XTU tube: tube
XTV tube with nozzle
XVI vial
XVP vacuum-packed
XVR bulk, solid, granular particles
XWA intermediate bulk container: ibc
XZZ mutually defined package
"""
