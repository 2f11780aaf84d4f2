//! The properties a query can name, their kinds, and what each kind allows.

use std::fmt;

/// One property of a file record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// `DatasetFileMetaId`, the public id.
    Id,
    /// `Uri`.
    Uri,
    /// `FileName`.
    FileName,
    /// `FileDir`, the folder.
    FileDir,
    /// `FileType`, the main MIME type.
    FileType,
    /// `ContentType`, the MIME type.
    ContentType,
    /// `FileFingerPrint`.
    FileFingerPrint,
    /// `SemanticIndexJobId`.
    SemanticIndexJobId,
    /// `DataSize`, in bytes.
    DataSize,
    /// `FileCreateTime`.
    FileCreateTime,
    /// `FileUpdateTime`.
    FileUpdateTime,
    /// `SyncTime`, the time of the last write to the record.
    SyncTime,
    /// `TagUpdateTime`.
    TagUpdateTime,
    /// `SemanticIndexUpdateTime`.
    SemanticIndexUpdateTime,
    /// `RecordCreateTime`, when the record was created here; the default order is by it.
    RecordCreateTime,
    /// `Tags.ai`: the union of all tagging jobs' sets, those a user deleted included.
    TagsAi,
    /// `Tags.user`.
    TagsUser,
    /// `Tags.user-delete-ai-tags`.
    TagsUserDeleteAi,
    /// `Tags.all`: ai and user, less user-delete-ai-tags.
    TagsAll,
    /// `Comment`, PAI's comment: the caption.
    Comment,
    /// `Description`, PDS's description.
    Description,
    /// `Labels`, PDS's labels.
    Labels,
    /// `Starred`.
    Starred,
    /// `Hidden`.
    Hidden,
    /// `Text`: name, folder, tags, comment and description together; ranks by BM25.
    Text,
    /// `Attributes.PATH`, a custom attribute.
    Attribute(AttributePath),
}

/// What kind of values a property has, which decides the operators it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Words: `:` matches tokens, `=` the whole value.
    Text,
    /// Whole values: `=` (and `:` with the same meaning).
    Keyword,
    /// Numbers: `=` and ranges.
    Number,
    /// Points in time: ranges.
    Date,
    /// `true` or `false`: `=`.
    Bool,
    /// JSON values: what is allowed follows from the literal.
    Attribute,
    /// The ranking text: `:` only.
    Ranked,
}

/// The names of an attribute from the top of the attribute object down.
///
/// Arrays do not count as a step: `{"a":[{"b":1},{"b":2}]}` has the path `a.b` with two values.
///
/// ```
/// use filedex_model::AttributePath;
/// let path = AttributePath::new(["exif", "focal length"]);
/// assert_eq!(path.to_string(), "Attributes.exif.'focal length'");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath(Vec<String>);

impl AttributePath {
    /// A path from its names, outermost first. At least one name is expected; an empty path names
    /// the whole attribute object.
    #[must_use]
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The names, outermost first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The names joined by U+0001, as the indexes key them.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.join("\u{1}")
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attributes")?;
        for name in &self.0 {
            if is_plain(name) {
                write!(f, ".{name}")?;
            } else {
                write!(f, ".{}", quoted(name))?;
            }
        }
        Ok(())
    }
}

/// Whether a name needs no quotes in a query.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A string literal of the query language: single quotes, with `\'` and `\\` escaped.
///
/// ```
/// assert_eq!(filedex_model::property::quoted("it's"), r"'it\'s'");
/// ```
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        if c == '\'' || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('\'');
    out
}

impl Property {
    /// Every property with a fixed name, in the order of the reference.
    pub const NAMED: [Property; 25] = [
        Self::Id,
        Self::Uri,
        Self::FileName,
        Self::FileDir,
        Self::FileType,
        Self::ContentType,
        Self::FileFingerPrint,
        Self::SemanticIndexJobId,
        Self::DataSize,
        Self::FileCreateTime,
        Self::FileUpdateTime,
        Self::SyncTime,
        Self::TagUpdateTime,
        Self::SemanticIndexUpdateTime,
        Self::RecordCreateTime,
        Self::TagsAi,
        Self::TagsUser,
        Self::TagsUserDeleteAi,
        Self::TagsAll,
        Self::Comment,
        Self::Description,
        Self::Labels,
        Self::Starred,
        Self::Hidden,
        Self::Text,
    ];

    /// The property's name in the query language; `None` for attributes, which print their path.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Id => "DatasetFileMetaId",
            Self::Uri => "Uri",
            Self::FileName => "FileName",
            Self::FileDir => "FileDir",
            Self::FileType => "FileType",
            Self::ContentType => "ContentType",
            Self::FileFingerPrint => "FileFingerPrint",
            Self::SemanticIndexJobId => "SemanticIndexJobId",
            Self::DataSize => "DataSize",
            Self::FileCreateTime => "FileCreateTime",
            Self::FileUpdateTime => "FileUpdateTime",
            Self::SyncTime => "SyncTime",
            Self::TagUpdateTime => "TagUpdateTime",
            Self::SemanticIndexUpdateTime => "SemanticIndexUpdateTime",
            Self::RecordCreateTime => "RecordCreateTime",
            Self::TagsAi => "Tags.ai",
            Self::TagsUser => "Tags.user",
            Self::TagsUserDeleteAi => "Tags.user-delete-ai-tags",
            Self::TagsAll => "Tags.all",
            Self::Comment => "Comment",
            Self::Description => "Description",
            Self::Labels => "Labels",
            Self::Starred => "Starred",
            Self::Hidden => "Hidden",
            Self::Text => "Text",
            Self::Attribute(_) => return None,
        })
    }

    /// The kind of the property's values.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::FileName | Self::FileDir | Self::Comment | Self::Description => Kind::Text,
            Self::Id
            | Self::Uri
            | Self::FileType
            | Self::ContentType
            | Self::FileFingerPrint
            | Self::SemanticIndexJobId
            | Self::TagsAi
            | Self::TagsUser
            | Self::TagsUserDeleteAi
            | Self::TagsAll
            | Self::Labels => Kind::Keyword,
            Self::DataSize => Kind::Number,
            Self::FileCreateTime
            | Self::FileUpdateTime
            | Self::SyncTime
            | Self::TagUpdateTime
            | Self::SemanticIndexUpdateTime
            | Self::RecordCreateTime => Kind::Date,
            Self::Starred | Self::Hidden => Kind::Bool,
            Self::Text => Kind::Ranked,
            Self::Attribute(_) => Kind::Attribute,
        }
    }

    /// Whether a record can have several values of the property. Ranges are merged only where it
    /// cannot: "some width above 5 and some width below 3" can be true of an array.
    #[must_use]
    pub fn is_multi_valued(&self) -> bool {
        matches!(
            self,
            Self::TagsAi
                | Self::TagsUser
                | Self::TagsUserDeleteAi
                | Self::TagsAll
                | Self::Labels
                | Self::Text
                | Self::Attribute(_)
        )
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.name()) {
            (_, Some(name)) => f.write_str(name),
            (Self::Attribute(path), None) => path.fmt(f),
            (_, None) => f.write_str("?"),
        }
    }
}
