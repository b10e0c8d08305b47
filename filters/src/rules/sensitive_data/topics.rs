//! The words that say what the number behind them is, by topic.

/// What a word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Card,
    Phone,
    /// What stands behind a telephone number in a list of them.
    PhoneLabel,
    Version,
    Network,
    AmericanId,
    BritishHealth,
    BritishInsurance,
    DutchId,
    BrazilianId,
    IndianId,
    SwedishId,
    PolishId,
    KoreanId,
    CanadianId,
    AustralianTax,
    GermanTax,
}

/// The words of each topic, in lower case where that matters; several words are as they follow each other.
pub(super) const TOPICS: &[(Topic, &[&str])] = &[
    (
        Topic::Card,
        &[
            "card", "cards", "cc", "credit", "debit", "visa", "mastercard", "amex", "maestro", "jcb", "discover",
            "diners", "unionpay", "karte", "kreditkarte", "carte", "tarjeta", "carta", "cartão", "卡号", "银行卡", "カード",
        ],
    ),
    (
        Topic::Phone,
        &[
            "phone", "phones", "telephone", "tel", "mobile", "mob", "cell", "cellphone", "fax", "call", "dial",
            "whatsapp", "sms", "hotline", "reach", "answering", "messages to", "telefon", "telefonnummer", "tél",
            "téléphone", "portable", "handy", "móvil", "celular", "teléfono", "telefono", "telefone", "telefoon",
            "cellulare", "тел", "Тел", "телефон", "Телефон", "电话", "手机", "传真", "電話", "手機", "携帯", "전화", "☎",
            "📞",
        ],
    ),
    (Topic::PhoneLabel, &["office", "fax", "mobile", "cell", "home", "work", "desk"]),
    (
        Topic::Version,
        &[
            "version", "versions", "ver", "v", "release", "releases", "build", "rev", "revision", "firmware", "driver",
            "update", "chapter", "section", "sec", "clause", "table", "figure", "fig", "appendix", "paragraph",
            "article", "oid", "§", "版本",
        ],
    ),
    (
        Topic::Network,
        &[
            "ip", "ips", "ipv4", "address", "addresses", "host", "hosts", "server", "servers", "dns", "nameserver",
            "ping", "network", "client", "login", "whois", "gateway", "http", "https", "ssh", "traceroute", "地址",
        ],
    ),
    (Topic::AmericanId, &["ssn", "ssns", "social security", "soc sec"]),
    (Topic::BritishHealth, &["nhs"]),
    (Topic::BritishInsurance, &["national insurance", "nino", "ni number", "insurance number"]),
    (Topic::DutchId, &["bsn", "burgerservicenummer", "sofinummer", "sofi"]),
    (Topic::BrazilianId, &["cpf"]),
    (Topic::IndianId, &["aadhaar", "aadhar", "uidai", "आधार"]),
    (Topic::SwedishId, &["personnummer"]),
    (Topic::PolishId, &["pesel"]),
    (Topic::KoreanId, &["주민등록번호", "rrn"]),
    (Topic::CanadianId, &["sin", "social insurance", "nas"]),
    (Topic::AustralianTax, &["tfn", "tax file number"]),
    (
        Topic::GermanTax,
        &["steuer-id", "steuer-idnr", "steueridentifikationsnummer", "identifikationsnummer", "idnr"],
    ),
];
