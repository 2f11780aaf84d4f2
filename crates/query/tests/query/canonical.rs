//! What a text means, shown as its canonical text and, for the forms, as its test.

use filedex_model::predicate::When;
use filedex_model::{
    AttributePath, Bound, Filter, Number, Order, Property, Range, SortBy, StatusFilter, Test,
    Timestamp, Value,
};
use filedex_query::{
    Controls, Fusion, Query, QueryType, SignMode, ThumbnailMode, parse, print_filter,
};

/// Texts, and the canonical text each is printed as.
#[rustfmt::skip]
const CANONICAL: &[(&str, &str)] = &[
    ("", ""),
    (" \t\r\n\u{3000}", ""),
    ("ALL", ""),
    ("not all", "NOT ALL"),
    ("NOT NOT ALL", ""),
    // The contract's examples.
    ("FileName:'lane line'", "FileName:'lane line'"),
    ("NOT FileName : 'lane line'", "NOT FileName:'lane line'"),
    ("FileType='image'", "FileType = 'image'"),
    ("NOT FileType = 'video'", "NOT FileType = 'video'"),
    ("HAS SemanticIndexJobId", "HAS SemanticIndexJobId"),
    ("NOT HAS SemanticIndexJobId", "NOT HAS SemanticIndexJobId"),
    ("(FileName:'black' AND ContentType='image/jpeg') OR (FileName:'white' AND ContentType='image/png')",
     "FileName:'black' AND ContentType = 'image/jpeg' OR FileName:'white' AND ContentType = 'image/png'"),
    ("FileUpdateTime> '2025-01-16T11:52:56.000Z' AND DataSize >= 12345",
     "FileUpdateTime > '2025-01-16T11:52:56.000Z' AND DataSize >= 12345"),
    ("FileUpdateTime < '2025-01-16T11:52:56.000Z' AND DataSize <= 12345",
     "FileUpdateTime < '2025-01-16T11:52:56.000Z' AND DataSize <= 12345"),
    ("FileType='image' AND ContentType:'image/png'", "FileType = 'image' AND ContentType = 'image/png'"),
    ("FileType='image' OR FileType='video'", "FileType = 'image' OR FileType = 'video'"),
    ("(FileUpdateTime > '2025-02-28T00:00:00Z' AND FileUpdateTime < '2025-05-30T09:27:29Z') AND FileDir:'blue_car' AND NOT FileName=\"toyota.jpg\" AND (( Tags.all='lane line' AND Tags.all='barrier gate') OR NOT Tags.user='rainy days' ) AND HAS SemanticIndexJobId AND Content:'a fallen water horse' AND TopK=100 AND SignMode='PUBLIC'",
     "FileUpdateTime > '2025-02-28T00:00:00.000Z' AND FileUpdateTime < '2025-05-30T09:27:29.000Z' AND FileDir:'blue_car' AND NOT FileName = 'toyota.jpg' AND (Tags.all = 'lane line' AND Tags.all = 'barrier gate' OR NOT Tags.user = 'rainy days') AND HAS SemanticIndexJobId AND Content:'a fallen water horse' AND TopK = 100 AND SignMode = 'PUBLIC'"),
    // Words in any case, names in any case; attribute names are data.
    ("has tags.USER or nOt filename='a' aNd datasize IN (1)", "HAS Tags.user OR NOT FileName = 'a' AND DataSize IN (1)"),
    ("ATTRIBUTES.Width=1", "Attributes.Width = 1"),
    // Precedence: parentheses, NOT, AND, OR.
    ("Starred=true OR Hidden=true AND HAS Uri", "Starred = true OR Hidden = true AND HAS Uri"),
    ("(Starred=true OR Hidden=true) AND HAS Uri", "(Starred = true OR Hidden = true) AND HAS Uri"),
    ("NOT Starred=true AND HAS Uri", "NOT Starred = true AND HAS Uri"),
    ("NOT (Starred=true AND HAS Uri)", "NOT (Starred = true AND HAS Uri)"),
    ("NOT(HAS Uri)", "NOT HAS Uri"),
    ("NOT NOT NOT HAS Uri", "NOT HAS Uri"),
    ("((((HAS Uri))))", "HAS Uri"),
    ("HAS Uri AND (HAS FileName AND (HAS FileDir))", "HAS Uri AND HAS FileName AND HAS FileDir"),
    // Strings.
    (r#"FileName="it's""#, r"FileName = 'it\'s'"),
    (r"FileName='it\'s'", r"FileName = 'it\'s'"),
    (r#"FileName='a\"b'"#, r#"FileName = 'a"b'"#),
    (r#"FileName='a"b'"#, r#"FileName = 'a"b'"#),
    (r"FileName='a\\b'", r"FileName = 'a\\b'"),
    ("FileName='a\nb'", "FileName = 'a\nb'"),
    ("FileName='NOT (a AND b)'", "FileName = 'NOT (a AND b)'"),
    ("FileName=''", "FileName = ''"),
    ("Tags.all='车道线'", "Tags.all = '车道线'"),
    // Numbers.
    ("DataSize=5", "DataSize = 5"),
    ("DataSize='5'", "DataSize = 5"),
    ("DataSize>-5", "DataSize > -5"),
    ("DataSize>=1.50", "DataSize >= 1.5"),
    ("DataSize<1E3", "DataSize < 1000.0"),
    ("DataSize=18446744073709551615", "DataSize = 18446744073709551615"),
    ("DataSize=-9223372036854775808", "DataSize = -9223372036854775808"),
    ("DataSize=18446744073709551616", "DataSize = 1.8446744073709552e19"),
    ("DataSize!=5", "NOT DataSize = 5"),
    // Dates.
    ("SyncTime>='2025-01-31'", "SyncTime >= '2025-01-31T00:00:00.000Z'"),
    ("SyncTime>='2025-01-31T08:00+08:00'", "SyncTime >= '2025-01-31T00:00:00.000Z'"),
    ("SyncTime>-7d", "SyncTime > -1w"),
    ("SyncTime>-8d", "SyncTime > -8d"),
    ("SyncTime>-90m", "SyncTime > -90m"),
    ("SyncTime>-3600s", "SyncTime > -1h"),
    ("SyncTime>-1500ms", "SyncTime > -1500ms"),
    ("SyncTime<NOW", "SyncTime < now"),
    ("SyncTime<-0d", "SyncTime < now"),
    ("SyncTime<+1d", "SyncTime < +1d"),
    ("SyncTime>-99999999999999999999w", "SyncTime > -9223372036854775807ms"),
    // Beyond the contract.
    ("FileType!='image'", "NOT FileType = 'image'"),
    ("NOT FileType!='image'", "FileType = 'image'"),
    ("FileType in('a' ,\"b\")", "FileType IN ('a', 'b')"),
    ("Hidden IN (TRUE,false)", "Hidden IN (true, false)"),
    ("Attributes.a IN ('a', 1, true)", "Attributes.a IN ('a', 1, true)"),
    ("FileName:'toy'*", "FileName:'toy'*"),
    ("FileName:'toy*'", "FileName:'toy*'"),
    ("FileName = 'toy' *", "FileName = 'toy'*"),
    ("FileName != 'toy'*", "NOT FileName = 'toy'*"),
    ("Tags.all:'toy'*", "Tags.all = 'toy'*"),
    ("FileName:'toyota'~1", "FileName:'toyota'~1"),
    ("FileName='toy ota'~2", "FileName = 'toy ota'~2"),
    ("Tags.all:'toyota'~02", "Tags.all = 'toyota'~2"),
    ("FileName:all('red','car')", "FileName:ALL('red', 'car')"),
    ("Tags.all:ALL('red','car')", "Tags.all = 'red' AND Tags.all = 'car'"),
    ("NOT Tags.all:ALL('red','car')", "NOT (Tags.all = 'red' AND Tags.all = 'car')"),
    ("fileName contains 'car'", "FileName CONTAINS 'car'"),
    ("Uri glob 'oss://b/**/*.png'", "Uri GLOB 'oss://b/**/*.png'"),
    ("Text:'red car'", "Text:'red car'"),
    ("Text:ALL('red car','sun')", "Text:ALL('red car', 'sun')"),
    ("Tags.user-delete-ai-tags='a'", "Tags.user-delete-ai-tags = 'a'"),
    ("HAS Tags.'user'", "HAS Tags.user"),
    ("Attributes.exif.iso>=100", "Attributes.exif.iso >= 100"),
    ("Attributes.'focal length'.x=1", "Attributes.'focal length'.x = 1"),
    ("Attributes.\"it's\"=1", r"Attributes.'it\'s' = 1"),
    ("Attributes.作者='王'", "Attributes.'作者' = '王'"),
    ("Attributes.2d=true", "Attributes.'2d' = true"),
    ("Attributes.not=true AND Attributes.and.or='x'", "Attributes.not = true AND Attributes.and.or = 'x'"),
    ("Attributes.taken > '2025-01-31'", "Attributes.taken > '2025-01-31T00:00:00.000Z'"),
    ("Attributes.taken = '2025-01-31'", "Attributes.taken = '2025-01-31'"),
    ("Attributes.taken > -1d", "Attributes.taken > -1d"),
    ("Attributes.medium : 'ink'", "Attributes.medium:'ink'"),
    // Control properties, in the order they are printed.
    ("MaxResults=5 AND Order=asc AND SortBy=Attributes.'a b'.c AND TopK='7'",
     r"TopK = 7 AND SortBy = 'Attributes.\'a b\'.c' AND Order = 'ASC' AND MaxResults = 5"),
    ("(Status='all' AND ((NextToken='t' AND HAS Uri)))", "HAS Uri AND Status = 'ALL' AND NextToken = 't'"),
    ("(HAS Uri OR HAS FileDir) AND Status='DELETED'", "(HAS Uri OR HAS FileDir) AND Status = 'DELETED'"),
    ("SortBy='relevance'", "SortBy = 'Relevance'"),
    ("ScoreThreshold=0.60", "ScoreThreshold = 0.6"),
    ("ScoreThreshold=-1", "ScoreThreshold = -1.0"),
    ("VectorWeight=0.50 AND Fusion=rrf AND space='caption' AND EXACT=False AND TopK=5 AND similarto=\"it's\" AND QueryType=mix AND Status=all",
     r"QueryType = 'MIX' AND SimilarTo = 'it\'s' AND TopK = 5 AND Exact = false AND Space = 'caption' AND Fusion = 'RRF' AND VectorWeight = 0.5 AND Status = 'ALL'"),
    ("VectorWeight='1'", "VectorWeight = 1.0"),
    ("VectorWeight=-0.0", "VectorWeight = 0.0"),
    ("VectorWeight=1e-9", "VectorWeight = 1e-9"),
    ("ThumbnailMode='m_fill,w_5,h_6'", "ThumbnailMode = 'm_fill,w_5,h_6'"),
    ("NOT ALL AND TopK=5", "NOT ALL AND TopK = 5"),
];

#[test]
fn texts_and_their_canonical_texts() {
    for (text, canonical) in CANONICAL {
        let query = parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(query.to_string(), *canonical, "{text}");
        assert_eq!(parse(canonical).as_ref(), Ok(&query), "{canonical}");
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn day(day: &str) -> Value {
    Value::Date(When::At(day.parse::<Timestamp>().expect("a date")))
}

#[test]
fn forms_and_their_tests() {
    use Property as P;
    let from = |from| Test::InRange(Range { from, to: Bound::Open });
    let to = |to| Test::InRange(Range { from: Bound::Open, to });
    let five = || Value::Number(Number::from(5_i64));
    let width = || P::Attribute(AttributePath::new(["width"]));
    let cases = [
        ("FileName='A'", P::FileName, Test::Equals(text("A"))),
        ("FileName:'A b'", P::FileName, Test::Phrase("A b".into())),
        ("FileName:'A'*", P::FileName, Test::PhrasePrefix("A".into())),
        ("FileName='A'*", P::FileName, Test::StartsWith("A".into())),
        ("FileName:'A'~1", P::FileName, Test::WordNear("A".into(), 1)),
        ("FileName='A'~2", P::FileName, Test::Near("A".into(), 2)),
        ("FileType:'A'", P::FileType, Test::Equals(text("A"))),
        ("FileType:'A'*", P::FileType, Test::StartsWith("A".into())),
        ("FileType:'A'~1", P::FileType, Test::Near("A".into(), 1)),
        ("Comment:ALL('a','b c')", P::Comment, Test::AllWords(vec!["a".into(), "b c".into()])),
        ("Text:'a b'", P::Text, Test::AnyWord("a b".into())),
        ("Text:ALL('a')", P::Text, Test::AllWords(vec!["a".into()])),
        ("FileName CONTAINS 'a'", P::FileName, Test::Contains("a".into())),
        ("FileDir GLOB 'a/**'", P::FileDir, Test::Glob("a/**".into())),
        ("Labels IN ('a')", P::Labels, Test::In(vec![text("a")])),
        ("HAS Starred", P::Starred, Test::Has),
        ("Starred=true", P::Starred, Test::Equals(Value::Bool(true))),
        ("DataSize=5", P::DataSize, Test::Equals(five())),
        ("DataSize>5", P::DataSize, from(Bound::Excluded(five()))),
        ("DataSize>=5", P::DataSize, from(Bound::Included(five()))),
        ("DataSize<5", P::DataSize, to(Bound::Excluded(five()))),
        ("DataSize<=5", P::DataSize, to(Bound::Included(five()))),
        ("SyncTime<'2025-01-31'", P::SyncTime, to(Bound::Excluded(day("2025-01-31")))),
        ("SyncTime>-2s", P::SyncTime, from(Bound::Excluded(Value::Date(When::Ago(-2_000))))),
        ("Attributes.width='5'", width(), Test::Equals(text("5"))),
        ("Attributes.width=5", width(), Test::Equals(five())),
        ("Attributes.width=true", width(), Test::Equals(Value::Bool(true))),
        ("Attributes.width:'5 cm'", width(), Test::Phrase("5 cm".into())),
        ("Attributes.width:'5'*", width(), Test::PhrasePrefix("5".into())),
        ("Attributes.width='5'*", width(), Test::StartsWith("5".into())),
        ("Attributes.width:'wide'~1", width(), Test::WordNear("wide".into(), 1)),
        ("Attributes.width='wide'~1", width(), Test::Near("wide".into(), 1)),
        ("Attributes.width>5", width(), from(Bound::Excluded(five()))),
        ("Attributes.width<'2025-01-31'", width(), to(Bound::Excluded(day("2025-01-31")))),
    ];
    for (query, property, test) in cases {
        let expected = Ok(Query::from(Filter::test(property, test)));
        assert_eq!(parse(query), expected, "{query}");
    }
}

#[test]
fn controls_are_typed() {
    let query = parse(
        "HAS Uri AND Status=ALL AND QueryType=TAG AND Content:'a' AND TopK=5000 AND \
         ScoreThreshold=1e-3 AND SignMode=PUBLIC AND ThumbnailMode='p_50' AND \
         SortBy=FileCreateTime AND Order='desc' AND NextToken=\"t\" AND MaxResults=100 AND \
         Exact=true AND Space='caption' AND Fusion='CONVEX' AND VectorWeight=0.6",
    );
    let controls = Controls {
        status: Some(StatusFilter::All),
        query_type: Some(QueryType::Tag),
        content: Some("a".into()),
        top_k: Some(5_000),
        score_threshold: Some(0.001),
        exact: Some(true),
        space: Some("caption".into()),
        fusion: Some(Fusion::Convex),
        vector_weight: Some(0.6),
        sign_mode: Some(SignMode::Public),
        thumbnail_mode: Some(ThumbnailMode::Percent(50)),
        sort_by: Some(SortBy::FileCreateTime),
        order: Some(Order::Desc),
        next_token: Some("t".into()),
        max_results: Some(100),
        ..Controls::default()
    };
    assert_eq!(query, Ok(Query { filter: Filter::test(Property::Uri, Test::Has), controls }));
    let similar = Controls { similar_to: Some("a/b".into()), ..Controls::default() };
    let query = Query { controls: similar, ..Query::default() };
    assert_eq!(parse("SimilarTo = 'a/b'"), Ok(query));
}

#[test]
fn filters_the_language_cannot_say_print_as_the_nearest_form() {
    let five = Bound::Included(Value::Number(Number::from(5_i64)));
    let nine = Bound::Excluded(Value::Number(Number::from(9_i64)));
    let range = |from: &Bound, to: &Bound| {
        let range = Range { from: from.clone(), to: to.clone() };
        Filter::test(Property::DataSize, Test::InRange(range))
    };
    let both = range(&five, &nine);
    assert_eq!(print_filter(&both), "DataSize >= 5 AND DataSize < 9");
    assert_eq!(print_filter(&Filter::not(both)), "NOT (DataSize >= 5 AND DataSize < 9)");
    assert_eq!(print_filter(&range(&Bound::Open, &Bound::Open)), "HAS DataSize");
    assert_eq!(print_filter(&Filter::test(Property::Uri, Test::In(vec![]))), "NOT ALL");
    assert_eq!(print_filter(&Filter::All), "");
    assert_eq!(print_filter(&Filter::Nothing), "NOT ALL");
}
