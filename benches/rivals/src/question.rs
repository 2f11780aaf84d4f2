//! The questions, each in the three languages.
//!
//! An answer is the exact total and the whole records of one page of ten; a count is the total
//! alone. Orders by date are newest first, records without a date last. Shares are those of the
//! large set: `teenie` is 34 % of it, `image` 44 %, the tag `hill` 5.6 %, `Scotland` 1.1 %.

/// The columns of the rivals that a question can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The folder.
    Dir,
    /// The main MIME type.
    Type,
    /// A tag.
    Tag,
}

/// A question as tantivy is asked it.
#[derive(Clone, Copy, Debug)]
pub enum Clause {
    /// A whole value.
    Is(Column, &'static str),
    /// A word of name, folder, tags, comment or description; it ranks.
    Word(&'static str),
    /// `FileUpdateTime` from the first (included) to the second (excluded).
    UpdatedBetween(&'static str, &'static str),
    /// A regular expression over the whole name.
    NameMatches(&'static str),
    /// An attribute's whole value.
    Attribute(&'static str, &'static str),
    /// A numeric attribute from the first (included) to the second (excluded).
    AttributeBetween(&'static str, i64, i64),
    /// All of these.
    All(&'static [Clause]),
    /// Any of these.
    Any(&'static [Clause]),
    /// Not this; beside others, under `All`.
    Not(&'static Clause),
}

/// A question as SQLite is asked it: the tables, and the condition on them.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// Where the total is counted: `FROM … WHERE …`, the fewest tables that can tell it.
    pub count: &'static str,
    /// Where the page is found: `FROM … WHERE …`, with the files as `f`.
    pub page: &'static str,
}

/// What is wanted of the records that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The total and pages by `FileUpdateTime`, newest first: the first, and another one.
    Dated {
        /// Also this page, from 1; the last whole one where there are fewer.
        later_page: Option<usize>,
    },
    /// The total and the ten best by BM25.
    Ranked,
    /// The total.
    Count,
}

/// The target for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// At most SQLite's median, and at most 1.3 times tantivy's.
    SqliteAndTantivy,
    /// None in the issue: for orientation.
    Orientation,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What it is called in the tables.
    pub name: &'static str,
    /// What is wanted.
    pub want: Want,
    /// In Filedex's query language.
    pub filedex: &'static str,
    /// In SQL.
    pub sqlite: Sql,
    /// For tantivy.
    pub tantivy: Clause,
    /// What the issue demands.
    pub target: Target,
    /// Whether the three mean the same, so that their totals have to agree.
    pub same_meaning: bool,
}

use Clause::{All, Any, Attribute, AttributeBetween, Is, NameMatches, Not, UpdatedBetween, Word};

const PAGE_500: Want = Want::Dated { later_page: Some(500) };
const FIRST_PAGE: Want = Want::Dated { later_page: None };

/// All questions.
pub const QUESTIONS: &[Question] = &[
    Question {
        name: "type 44 %, by date",
        want: PAGE_500,
        filedex: "FileType = 'image'",
        sqlite: Sql {
            count: "FROM files WHERE file_type = 'image'",
            page: "FROM files f WHERE f.file_type = 'image'",
        },
        tantivy: Is(Column::Type, "image"),
        target: Target::SqliteAndTantivy,
        same_meaning: true,
    },
    Question {
        name: "folder 34 %, by date",
        want: PAGE_500,
        filedex: "FileDir = 'teenie'",
        sqlite: Sql {
            count: "FROM files WHERE file_dir = 'teenie'",
            page: "FROM files f WHERE f.file_dir = 'teenie'",
        },
        tantivy: Is(Column::Dir, "teenie"),
        target: Target::SqliteAndTantivy,
        same_meaning: true,
    },
    Question {
        name: "tag 5.6 %, by date",
        want: PAGE_500,
        filedex: "Tags.all = 'hill'",
        sqlite: Sql {
            count: "FROM tags WHERE tag = 'hill'",
            page: "FROM tags t JOIN files f ON f.file = t.file WHERE t.tag = 'hill'",
        },
        tantivy: Is(Column::Tag, "hill"),
        target: Target::SqliteAndTantivy,
        same_meaning: true,
    },
    Question {
        name: "tag 1.1 %, by date",
        want: PAGE_500,
        filedex: "Tags.all = 'Scotland'",
        sqlite: Sql {
            count: "FROM tags WHERE tag = 'Scotland'",
            page: "FROM tags t JOIN files f ON f.file = t.file WHERE t.tag = 'Scotland'",
        },
        tantivy: Is(Column::Tag, "Scotland"),
        target: Target::SqliteAndTantivy,
        same_meaning: true,
    },
    Question {
        name: "word 17 %, BM25",
        want: Want::Ranked,
        filedex: "Text:'portrait'",
        sqlite: Sql {
            count: "FROM words WHERE words MATCH 'portrait'",
            page: "FROM words WHERE words MATCH 'portrait'",
        },
        tantivy: Word("portrait"),
        target: Target::Orientation,
        // Filedex also finds the word inside camelCase.
        same_meaning: false,
    },
    Question {
        name: "word 1.3 %, BM25",
        want: Want::Ranked,
        filedex: "Text:'wedding'",
        sqlite: Sql {
            count: "FROM words WHERE words MATCH 'wedding'",
            page: "FROM words WHERE words MATCH 'wedding'",
        },
        tantivy: Word("wedding"),
        target: Target::Orientation,
        same_meaning: false,
    },
    Question {
        name: "word and tag, BM25",
        want: Want::Ranked,
        filedex: "Text:'castle' AND Tags.all = 'hill'",
        sqlite: Sql {
            count: "FROM words JOIN tags t ON t.tag = 'hill' AND t.file = words.rowid \
                    WHERE words MATCH 'castle'",
            page: "FROM words JOIN tags t ON t.tag = 'hill' AND t.file = words.rowid \
                   WHERE words MATCH 'castle'",
        },
        tantivy: All(&[Word("castle"), Is(Column::Tag, "hill")]),
        target: Target::SqliteAndTantivy,
        same_meaning: false,
    },
    Question {
        name: "date range and NOT, count",
        want: Want::Count,
        filedex: "FileUpdateTime >= '2014-06-01' AND FileUpdateTime < '2018-01-01' \
                  AND NOT FileDir = 'teenie'",
        sqlite: Sql {
            // 2014-06-01 and 2018-01-01 in milliseconds.
            count: "FROM files WHERE file_update_time >= 1401580800000 \
                    AND file_update_time < 1514764800000 AND NOT file_dir = 'teenie'",
            page: "",
        },
        tantivy: All(&[
            UpdatedBetween("2014-06-01", "2018-01-01"),
            Not(&Is(Column::Dir, "teenie")),
        ]),
        target: Target::SqliteAndTantivy,
        same_meaning: true,
    },
    Question {
        name: "five clauses, by date",
        want: FIRST_PAGE,
        filedex: "(Tags.all = 'hill' OR Tags.all = 'river' OR Tags.all = 'computer') \
                  AND FileType = 'image' AND NOT Tags.all = 'castle'",
        sqlite: Sql {
            count: "FROM files f WHERE f.file_type = 'image' \
                    AND f.file IN (SELECT file FROM tags WHERE tag IN ('hill', 'river', 'computer')) \
                    AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.tag = 'castle' AND t.file = f.file)",
            page: "FROM files f WHERE f.file_type = 'image' \
                   AND f.file IN (SELECT file FROM tags WHERE tag IN ('hill', 'river', 'computer')) \
                   AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.tag = 'castle' AND t.file = f.file)",
        },
        tantivy: All(&[
            Any(&[Is(Column::Tag, "hill"), Is(Column::Tag, "river"), Is(Column::Tag, "computer")]),
            Is(Column::Type, "image"),
            Not(&Is(Column::Tag, "castle")),
        ]),
        target: Target::SqliteAndTantivy,
        same_meaning: true,
    },
    Question {
        name: "part of a name, by date",
        want: FIRST_PAGE,
        filedex: "FileName CONTAINS 'd149'",
        sqlite: Sql {
            count: "FROM files WHERE file_name LIKE '%d149%'",
            page: "FROM files f WHERE f.file_name LIKE '%d149%'",
        },
        tantivy: NameMatches(".*[dD]149.*"),
        target: Target::Orientation,
        same_meaning: true,
    },
    Question {
        name: "attribute equals, by date (indexed in SQLite)",
        want: FIRST_PAGE,
        filedex: "Attributes.artist = 'George Jones'",
        sqlite: Sql {
            count: "FROM files WHERE json_extract(attributes, '$.artist') = 'George Jones'",
            page: "FROM files f WHERE json_extract(f.attributes, '$.artist') = 'George Jones'",
        },
        tantivy: Attribute("artist", "George Jones"),
        target: Target::Orientation,
        same_meaning: true,
    },
    Question {
        name: "attribute range, by date (no index in SQLite)",
        want: FIRST_PAGE,
        filedex: "Attributes.width >= 640 AND Attributes.width < 1000",
        sqlite: Sql {
            count: "FROM files WHERE json_extract(attributes, '$.width') >= 640 \
                    AND json_extract(attributes, '$.width') < 1000",
            page: "FROM files f WHERE json_extract(f.attributes, '$.width') >= 640 \
                   AND json_extract(f.attributes, '$.width') < 1000",
        },
        tantivy: AttributeBetween("width", 640, 1_000),
        target: Target::Orientation,
        same_meaning: true,
    },
];
