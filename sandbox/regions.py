"""Countries, locales and time zones that the shop accepts; used by validation and the REST API.

They are those of a Magento that was just installed. Membership is answered without loading Babel,
so that configuring a new shop stays quick.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# Magento's directory: two letters, three letters.
COUNTRIES = dict(
    pair.split("=")
    for pair in """
    AD=AND AE=ARE AF=AFG AG=ATG AI=AIA AL=ALB AM=ARM AO=AGO AQ=ATA AR=ARG AS=ASM AT=AUT AU=AUS
    AW=ABW AX=ALA AZ=AZE BA=BIH BB=BRB BD=BGD BE=BEL BF=BFA BG=BGR BH=BHR BI=BDI BJ=BEN BL=BLM
    BM=BMU BN=BRN BO=BOL BQ=BES BR=BRA BS=BHS BT=BTN BV=BVT BW=BWA BY=BLR BZ=BLZ CA=CAN CC=CCK
    CD=COD CF=CAF CG=COG CH=CHE CI=CIV CK=COK CL=CHL CM=CMR CN=CHN CO=COL CR=CRI CU=CUB CV=CPV
    CW=CUW CX=CXR CY=CYP CZ=CZE DE=DEU DJ=DJI DK=DNK DM=DMA DO=DOM DZ=DZA EC=ECU EE=EST EG=EGY
    EH=ESH ER=ERI ES=ESP ET=ETH FI=FIN FJ=FJI FK=FLK FM=FSM FO=FRO FR=FRA GA=GAB GB=GBR GD=GRD
    GE=GEO GF=GUF GG=GGY GH=GHA GI=GIB GL=GRL GM=GMB GN=GIN GP=GLP GQ=GNQ GR=GRC GS=SGS GT=GTM
    GU=GUM GW=GNB GY=GUY HK=HKG HM=HMD HN=HND HR=HRV HT=HTI HU=HUN ID=IDN IE=IRL IL=ISR IM=IMN
    IN=IND IO=IOT IQ=IRQ IR=IRN IS=ISL IT=ITA JE=JEY JM=JAM JO=JOR JP=JPN KE=KEN KG=KGZ KH=KHM
    KI=KIR KM=COM KN=KNA KP=PRK KR=KOR KW=KWT KY=CYM KZ=KAZ LA=LAO LB=LBN LC=LCA LI=LIE LK=LKA
    LR=LBR LS=LSO LT=LTU LU=LUX LV=LVA LY=LBY MA=MAR MC=MCO MD=MDA ME=MNE MF=MAF MG=MDG MH=MHL
    MK=MKD ML=MLI MM=MMR MN=MNG MO=MAC MP=MNP MQ=MTQ MR=MRT MS=MSR MT=MLT MU=MUS MV=MDV MW=MWI
    MX=MEX MY=MYS MZ=MOZ NA=NAM NC=NCL NE=NER NF=NFK NG=NGA NI=NIC NL=NLD NO=NOR NP=NPL NR=NRU
    NU=NIU NZ=NZL OM=OMN PA=PAN PE=PER PF=PYF PG=PNG PH=PHL PK=PAK PL=POL PM=SPM PN=PCN PR=PRI
    PS=PSE PT=PRT PW=PLW PY=PRY QA=QAT RE=REU RO=ROU RS=SRB RU=RUS RW=RWA SA=SAU SB=SLB SC=SYC
    SD=SDN SE=SWE SG=SGP SH=SHN SI=SVN SJ=SJM SK=SVK SL=SLE SM=SMR SN=SEN SO=SOM SR=SUR
    ST=STP SV=SLV SX=SXM SY=SYR SZ=SWZ TC=TCA TD=TCD TF=ATF TG=TGO TH=THA TJ=TJK TK=TKL TL=TLS
    TM=TKM TN=TUN TO=TON TR=TUR TT=TTO TV=TUV TW=TWN TZ=TZA UA=UKR UG=UGA UM=UMI US=USA UY=URY
    UZ=UZB VA=VAT VC=VCT VE=VEN VG=VGB VI=VIR VN=VNM VU=VUT WF=WLF WS=WSM XK=XKX YE=YEM YT=MYT
    ZA=ZAF ZM=ZMB ZW=ZWE
    """.split()  # noqa: SIM905 - a table reads better as text
)
# Magento's list; a language pack is not needed to choose one.
LOCALES = frozenset(
    """
    af_ZA ar_DZ ar_EG ar_KW ar_MA ar_SA az_Latn_AZ be_BY bg_BG bn_BD bs_Latn_BA ca_ES cs_CZ cy_GB
    da_DK de_AT de_CH de_DE de_LU el_GR en_AU en_CA en_GB en_IE en_NZ en_US es_AR es_BO es_CL es_CO
    es_CR es_ES es_MX es_PA es_PE es_US es_VE et_EE eu_ES fa_IR fi_FI fil_PH fr_BE fr_CA fr_CH fr_FR
    fr_LU gl_ES gu_IN he_IL hi_IN hr_HR hu_HU id_ID is_IS it_CH it_IT ja_JP ka_GE km_KH ko_KR lo_LA
    lt_LT lv_LV mk_MK mn_Cyrl_MN ms_Latn_MY ms_MY nb_NO nl_BE nl_NL nn_NO pl_PL pt_BR pt_PT ro_RO
    ru_RU sk_SK sl_SI sq_AL sr_Cyrl_RS sr_Latn_RS sv_FI sv_SE sw_KE th_TH tr_TR uk_UA vi_VN
    zh_Hans_CN zh_Hant_HK zh_Hant_TW
    """.split()  # noqa: SIM905 - a table reads better as text
)


@cache
def timezones() -> frozenset[str]:
    """Return the time zones that PHP lists: those of the IANA database without other names."""
    lines = (files("sandbox") / "timezones.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def is_locale(code: str) -> bool:
    """Tell whether this locale is offered, written like `de_DE` or `zh_Hans_CN`."""
    return code in LOCALES


def is_timezone(key: str) -> bool:
    """Tell whether this time zone is offered."""
    return key in timezones()
