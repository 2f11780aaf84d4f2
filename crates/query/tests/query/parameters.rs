//! Parameters compile to the query their text form parses to.

use filedex_model::{Order, SortBy, StatusFilter};
use filedex_query::{Controls, ErrorKind, Parameters, Query, QueryType, ThumbnailMode, parse};

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn parameters_and_their_text() {
    let none = Parameters::default;
    let day = |text: &str| text.parse().ok();
    let cases = [
        (none(), ""),
        (Parameters { ids: list(&["a"]), ..none() }, "DatasetFileMetaId = 'a'"),
        (Parameters { ids: list(&["a", "b"]), ..none() }, "DatasetFileMetaId IN ('a', 'b')"),
        (
            Parameters { tags_include_all: list(&["a", "b"]), ..none() },
            "Tags.all = 'a' AND Tags.all = 'b'",
        ),
        (Parameters { tags_include_any: list(&["a", "b"]), ..none() }, "Tags.all IN ('a', 'b')"),
        (Parameters { tags_exclude: list(&["a"]), ..none() }, "NOT Tags.all = 'a'"),
        (Parameters { tags_exclude: list(&["a", "b"]), ..none() }, "NOT Tags.all IN ('a', 'b')"),
        (Parameters { file_name: some("Car's"), ..none() }, r"FileName CONTAINS 'Car\'s'"),
        (Parameters { file_dir: some("a/b//"), ..none() }, "FileDir CONTAINS 'a/b'"),
        (Parameters { file_dir: some("/"), ..none() }, ""),
        (Parameters { file_types: list(&["image"]), ..none() }, "FileType = 'image'"),
        (
            Parameters { content_types: list(&["image/png", "image/bmp"]), ..none() },
            "ContentType IN ('image/png', 'image/bmp')",
        ),
        (
            Parameters {
                start_file_update_time: day("2025-01-01"),
                end_file_update_time: day("2025-02-01"),
                start_tag_update_time: day("2025-03-01"),
                end_tag_update_time: day("2025-04-01"),
                ..none()
            },
            "FileUpdateTime >= '2025-01-01' AND FileUpdateTime <= '2025-02-01' AND \
             TagUpdateTime >= '2025-03-01' AND TagUpdateTime <= '2025-04-01'",
        ),
        (
            Parameters {
                query_type: Some(QueryType::Tag),
                query_text: some("car"),
                tags_include_all: list(&["red"]),
                top_k: Some(0),
                score_threshold: Some(f32::NAN),
                query_image: some("oss://b/a.png"),
                query_video: some("oss://b/a.mp4"),
                ..none()
            },
            "Tags.all = 'red' AND Tags.all = 'car' AND QueryType = 'TAG'",
        ),
        (
            Parameters {
                query_type: Some(QueryType::Vector),
                tags_include_all: list(&["a"]),
                tags_include_any: list(&["a"]),
                tags_exclude: list(&["a"]),
                file_name: some("car"),
                top_k: Some(5_000),
                score_threshold: Some(0.5),
                ..none()
            },
            "FileName CONTAINS 'car' AND QueryType='VECTOR' AND TopK=5000 AND ScoreThreshold=0.5",
        ),
        (
            Parameters {
                sort_by: Some(SortBy::DataSize),
                order: Some(Order::Asc),
                status: Some(StatusFilter::All),
                max_results: Some(100),
                next_token: some("t"),
                thumbnail_mode: Some(ThumbnailMode::Width(5)),
                ..none()
            },
            "SortBy=DataSize AND Order=ASC AND Status=ALL AND MaxResults=100 AND NextToken='t' AND \
             ThumbnailMode='w_5'",
        ),
        (
            Parameters {
                query_text: some(""),
                file_name: some(""),
                next_token: some(""),
                expression: some(" "),
                query_image: some(""),
                ..none()
            },
            "",
        ),
        (
            Parameters {
                expression: some("FileType='image' AND MaxResults=5"),
                max_results: Some(50),
                next_token: some("t"),
                thumbnail_mode: Some(ThumbnailMode::Percent(5)),
                tags_exclude: vec![],
                query_text: some(""),
                ..none()
            },
            "FileType='image' AND MaxResults=5 AND NextToken='t' AND ThumbnailMode='p_5'",
        ),
    ];
    for (parameters, text) in cases {
        assert_eq!(parameters.compile(), parse(text), "{text}");
    }
}

#[test]
fn what_only_parameters_can_say() {
    let parameters = Parameters {
        query_text: some("a red car"),
        query_image: some("oss://b/a.png"),
        query_video: some("oss://b/a.mp4"),
        ..Parameters::default()
    };
    let controls = Controls {
        query_text: some("a red car"),
        query_image: some("oss://b/a.png"),
        query_video: some("oss://b/a.mp4"),
        ..Controls::default()
    };
    assert_eq!(parameters.compile(), Ok(Query { controls, ..Query::default() }));
}

#[test]
fn an_expression_stands_alone() {
    let none = || Parameters { expression: some("HAS Uri"), ..Parameters::default() };
    let now = Some(filedex_model::Timestamp::now());
    let a = || list(&["a"]);
    let cases = [
        Parameters { ids: a(), ..none() },
        Parameters { query_type: Some(QueryType::Mix), ..none() },
        Parameters { query_text: some("a"), ..none() },
        Parameters { top_k: Some(5), ..none() },
        Parameters { score_threshold: Some(0.5), ..none() },
        Parameters { start_file_update_time: now, ..none() },
        Parameters { end_file_update_time: now, ..none() },
        Parameters { start_tag_update_time: now, ..none() },
        Parameters { end_tag_update_time: now, ..none() },
        Parameters { tags_include_all: a(), ..none() },
        Parameters { tags_include_any: a(), ..none() },
        Parameters { tags_exclude: a(), ..none() },
        Parameters { file_name: some("a"), ..none() },
        Parameters { file_dir: some("a"), ..none() },
        Parameters { file_types: a(), ..none() },
        Parameters { content_types: a(), ..none() },
        Parameters { query_image: some("a"), ..none() },
        Parameters { query_video: some("a"), ..none() },
        Parameters { sort_by: Some(SortBy::FileName), ..none() },
        Parameters { order: Some(Order::Asc), ..none() },
        Parameters { status: Some(StatusFilter::All), ..none() },
    ];
    for parameters in cases {
        let error = parameters.compile().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "{parameters:?}");
    }
    let two = Parameters { ids: a(), file_name: some("a"), ..none() };
    assert_eq!(
        two.compile().unwrap_err().to_string(),
        "an expression cannot stand beside `ids` and `file_name`\n  = say it in the expression"
    );
}

#[test]
fn numbers_out_of_range() {
    let none = Parameters::default;
    let cases = [
        (
            Parameters { max_results: Some(0), ..none() },
            "max_results is a whole number from 1 to 100, not 0",
        ),
        (
            Parameters { max_results: Some(101), ..none() },
            "max_results is a whole number from 1 to 100, not 101",
        ),
        (Parameters { top_k: Some(0), ..none() }, "top_k is a whole number from 1 to 5000, not 0"),
        (
            Parameters { top_k: Some(5_001), ..none() },
            "top_k is a whole number from 1 to 5000, not 5001",
        ),
        (
            Parameters { score_threshold: Some(f32::NAN), ..none() },
            "score_threshold is a finite number",
        ),
        (
            Parameters { score_threshold: Some(f32::INFINITY), ..none() },
            "score_threshold is a finite number",
        ),
    ];
    for (parameters, message) in cases {
        let error = parameters.compile().unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Parameter, message));
    }
}
