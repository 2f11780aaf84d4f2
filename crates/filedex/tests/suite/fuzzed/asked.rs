//! Bytes as questions: typed parameters, and cursors.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use filedex::{
    Cursor, Database, ErrorKind, ListOptions, MemoryDevice, Order, Query, QueryType, StatusFilter,
    TagMatch, Timestamp, VersionRef, parse_sort,
};
use xxhash_rust::xxh3::xxh3_64;

use super::Bytes;
use super::template::{filled, open};

/// A database that is asked.
pub struct Asked {
    database: Database,
    version: VersionRef,
}

/// A question whose answer has several pages, in each kind of order.
const PAGED: [&str; 4] = [
    "HAS Uri AND SortBy=FileName AND MaxResults=7",
    "HAS Uri AND SortBy=DataSize AND MaxResults=7",
    "HAS Uri AND SortBy=Attributes.year AND MaxResults=7",
    "Text:'red' AND MaxResults=7",
];

impl Asked {
    pub fn new() -> Self {
        let database = open(MemoryDevice::from_bytes(filled())).expect("a whole file");
        let version = database.default_version().expect("a version");
        Self { database, version }
    }

    /// Lines as the parameters of a listing, one after the other: it is refused, or answered as the
    /// question that it is printed as.
    pub fn parameters(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let options = options(&text);
        let Ok(query) = Query::from_options(&options) else { return };
        let printed = query.to_string();
        let again = Query::parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}"));
        assert_eq!(again.to_string(), printed, "{options:?}");
        let reader = self.database.reader().expect("a reader");
        let now = Timestamp::from_millis(1_750_000_000_000).expect("a time");
        let ask = |query: Query| match reader.list(&self.version, &query.at(now)) {
            Ok(page) => Ok((page.total, page.hits.into_iter().map(|hit| hit.record.uri).collect())),
            Err(error) => Err(error.kind()),
        };
        let (first, second): (Result<(u64, Vec<String>), ErrorKind>, _) = (ask(query), ask(again));
        // What the language has no words for is not printed: the page, and what to be near to.
        let unprinted = [&options.query_text, &options.query_image, &options.query_video];
        let paged = options.max_results.is_some() || options.next_token.is_some();
        if !paged && unprinted.iter().all(|text| text.is_none()) {
            assert_eq!(first, second, "{printed}");
        }
    }

    /// Bytes as a cursor. The first byte chooses the question; where it is even, what follows are
    /// changes of a cursor of that question, whose checksum is made right; else the cursor's text.
    pub fn cursor(&self, bytes: &[u8]) {
        let mut bytes = Bytes(bytes);
        let kind = bytes.byte();
        let query = Query::parse(PAGED[usize::from(kind / 2) % PAGED.len()]).expect("a question");
        let reader = self.database.reader().expect("a reader");
        let text = if kind % 2 == 0 {
            let first = reader.list(&self.version, &query).expect("a page");
            changed(&first.next.expect("a cursor"), bytes)
        } else {
            String::from_utf8_lossy(bytes.rest()).into_owned()
        };
        if let Ok(page) = reader.list(&self.version, &query.after(Cursor::new(text.clone()))) {
            assert!(page.hits.len() <= 7, "{text}");
            assert!(page.hits.iter().all(|hit| hit.record.is_active()), "{text}");
        }
    }
}

/// A cursor with other bytes and a right checksum.
fn changed(cursor: &Cursor, mut bytes: Bytes<'_>) -> String {
    let mut body = URL_SAFE_NO_PAD.decode(cursor.as_str()).expect("our own");
    body.truncate(body.len() - 4);
    let changes = bytes.byte() % 16;
    for _ in 0..changes {
        let at = usize::from(bytes.byte()) % body.len();
        body[at] = bytes.byte();
    }
    body.extend_from_slice(bytes.rest());
    let sum = xxh3_64(&body).to_be_bytes();
    body.extend_from_slice(&sum[4..]);
    URL_SAFE_NO_PAD.encode(body)
}

/// A line for each parameter; what cannot be read as its type is absent.
fn options(text: &str) -> ListOptions {
    let mut lines = text.split('\n');
    let mut text = || lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
    let list = |line: Option<String>| -> Vec<String> {
        line.map(|line| line.split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let time =
        |line: Option<String>| line.and_then(|line| Timestamp::from_millis(line.parse().ok()?));
    ListOptions {
        expression: text(),
        query_text: text(),
        file_name: text(),
        file_dir: text(),
        ids: list(text()),
        tags: TagMatch { all: list(text()), any: list(text()), none: list(text()) },
        file_types: list(text()),
        content_types: list(text()),
        query_type: text().and_then(|line| match line.as_str() {
            "TAG" => Some(QueryType::Tag),
            "VECTOR" => Some(QueryType::Vector),
            "MIX" => Some(QueryType::Mix),
            _ => None,
        }),
        start_file_update_time: time(text()),
        end_file_update_time: time(text()),
        start_tag_update_time: time(text()),
        end_tag_update_time: time(text()),
        top_k: text().and_then(|line| line.parse().ok()),
        score_threshold: text().and_then(|line| line.parse().ok()),
        query_image: text(),
        query_video: text(),
        sort_by: text().and_then(|line| parse_sort(&line).ok()),
        order: text().map(|line| if line == "ASC" { Order::Asc } else { Order::Desc }),
        status: text().and_then(|line| match line.as_str() {
            "ACTIVE" => Some(StatusFilter::Active),
            "DELETED" => Some(StatusFilter::Deleted),
            "ALL" => Some(StatusFilter::All),
            _ => None,
        }),
        max_results: text().and_then(|line| line.parse().ok()),
        next_token: text().map(Cursor::new),
        ..ListOptions::default()
    }
}
