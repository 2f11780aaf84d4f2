//! The properties of a record that a column can be: their names, and what values they take.

use std::fmt;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A number of bytes.
    Size,
    /// A point in time, exact to the millisecond.
    Time,
    /// Yes or no.
    Flag,
    /// Texts.
    Texts,
    /// Texts by tagging job.
    Jobs,
    /// An object of any shape.
    Json,
}

/// A field of a record: its name in JSON Lines, its name in queries, what it holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// As JSON Lines name it, and columns of an export.
    pub name: &'static str,
    /// As the query language names it; empty where it does not.
    pub query: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Other names of columns that are taken for it, in lower case without separators.
    pub aliases: &'static [&'static str],
}

const fn field(
    name: &'static str,
    query: &'static str,
    kind: FieldKind,
    aliases: &'static [&'static str],
) -> Field {
    Field { name, query, kind, aliases }
}

/// Every field, in the order of an export's columns; a test holds the list against `NewFile`.
pub const FIELDS: [Field; 29] = [
    field("uri", "Uri", FieldKind::Text, &["url", "originalurl", "imageurl"]),
    field("file_name", "FileName", FieldKind::Text, &["filename"]),
    field("file_dir", "FileDir", FieldKind::Text, &["filedir", "folder"]),
    field("file_type", "FileType", FieldKind::Text, &["filetype"]),
    field("content_type", "ContentType", FieldKind::Text, &["contenttype", "mimetype", "mime"]),
    field("data_size", "DataSize", FieldKind::Size, &["datasize", "filesize"]),
    field("file_fingerprint", "FileFingerPrint", FieldKind::Text, &["filefingerprint", "etag"]),
    field("file_create_time", "FileCreateTime", FieldKind::Time, &["filecreatetime"]),
    field("file_update_time", "FileUpdateTime", FieldKind::Time, &["fileupdatetime"]),
    field("comment", "Comment", FieldKind::Text, &["caption", "text"]),
    field("tags_user", "Tags.user", FieldKind::Texts, &["tagsuser", "tags"]),
    field("tags_ai", "Tags.ai", FieldKind::Jobs, &["tagsai"]),
    field("tags_user_delete_ai", "Tags.user-delete-ai-tags", FieldKind::Texts, &[]),
    field("attributes", "Attributes", FieldKind::Json, &["metaattributes"]),
    field("description", "Description", FieldKind::Text, &[]),
    field("labels", "Labels", FieldKind::Texts, &[]),
    field("hidden", "Hidden", FieldKind::Flag, &[]),
    field("starred", "Starred", FieldKind::Flag, &[]),
    field("local_created_at", "", FieldKind::Time, &[]),
    field("local_modified_at", "", FieldKind::Time, &[]),
    field("semantic_index_job_id", "SemanticIndexJobId", FieldKind::Text, &[]),
    field("semantic_index_update_time", "SemanticIndexUpdateTime", FieldKind::Time, &[]),
    field("crc64_hash", "", FieldKind::Text, &[]),
    field("content_hash", "", FieldKind::Text, &[]),
    field("content_hash_name", "", FieldKind::Text, &[]),
    field("upload_id", "", FieldKind::Text, &[]),
    field("user_tags", "", FieldKind::Json, &[]),
    field("image_media", "", FieldKind::Json, &[]),
    field("video_media", "", FieldKind::Json, &[]),
];

/// What a column is of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A field.
    Field(&'static Field),
    /// An attribute at the top, by its name as it is.
    Attribute(String),
    /// All tags that hold; only ever written, and read as the user's.
    Tags,
    /// The vector of a space; without a name, of the space that the import is told.
    Vector(Option<String>),
    /// Nothing: the column is left out.
    Nothing,
}

impl Target {
    /// Reads the name of a property: `file_name` or `FileName`, `Attributes.width`, `embedding`,
    /// `embeddings.SPACE`, `Tags.all`; `-` for nothing. A name that is none of these, where it has no
    /// dot, is that of an attribute.
    ///
    /// # Errors
    /// A sentence, for a name that cannot be meant.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a property has a name, such as comment or Attributes.width".to_owned());
        }
        Ok(match Self::of_exact_name(text) {
            Some(target) => target,
            None if !text.contains('.') => Self::Attribute(text.to_owned()),
            None => {
                return Err(format!(
                    "{text:?} is no property; attributes are Attributes.NAME, vectors \
                     embeddings.SPACE"
                ));
            }
        })
    }

    /// What a column is by its name, where nobody says: a property of this name, else an attribute.
    #[must_use]
    pub fn of_column(column: &str) -> Self {
        if let Some(target) = Self::of_exact_name(column) {
            return target;
        }
        let plain: String =
            column.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).collect();
        let plain = plain.to_lowercase();
        let aliased = FIELDS.iter().find(|field| field.aliases.contains(&plain.as_str()));
        aliased.map_or_else(|| Self::Attribute(column.to_owned()), Self::Field)
    }

    fn of_exact_name(text: &str) -> Option<Self> {
        let after = |prefix: &str| {
            let (head, tail) = text.split_at_checked(prefix.len())?;
            (head.eq_ignore_ascii_case(prefix) && !tail.is_empty()).then(|| tail.to_owned())
        };
        if let Some(name) = after("attributes.") {
            return Some(Self::Attribute(name));
        }
        if let Some(space) = after("embeddings.") {
            return Some(Self::Vector(Some(space)));
        }
        match text {
            "-" => return Some(Self::Nothing),
            "embedding" | "vector" => return Some(Self::Vector(None)),
            "tags" | "Tags.all" => return Some(Self::Tags),
            _ => {}
        }
        let named = |field: &&Field| field.name == text || field.query == text;
        FIELDS.iter().find(named).map(Self::Field)
    }

    /// The field of a name that is known to be one.
    pub(crate) fn field(name: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.name == name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field.name),
            Self::Attribute(name) => write!(f, "attributes.{name}"),
            Self::Tags => f.write_str("tags"),
            Self::Vector(None) => f.write_str("embedding"),
            Self::Vector(Some(space)) => write!(f, "embeddings.{space}"),
            Self::Nothing => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("uri", "uri"),
            ("FileName", "file_name"),
            ("Tags.user", "tags_user"),
            ("Attributes.a.b", "attributes.a.b"),
            ("attributes.größe", "attributes.größe"),
            ("embeddings.captions", "embeddings.captions"),
            ("vector", "embedding"),
            ("width", "attributes.width"),
            ("-", "-"),
        ];
        for (text, want) in cases {
            assert_eq!(Target::parse(text).unwrap().to_string(), want, "{text}");
        }
        assert!(Target::parse("").is_err());
        assert!(Target::parse("Tags.nobody").is_err());
    }

    #[test]
    fn columns() {
        let cases = [
            ("Caption", "comment"),
            ("File Name", "file_name"),
            ("OriginalURL", "uri"),
            ("tags", "tags"),
            ("Tags.nobody", "attributes.Tags.nobody"),
            ("width", "attributes.width"),
            ("uri", "uri"),
        ];
        for (text, want) in cases {
            assert_eq!(Target::of_column(text).to_string(), want, "{text}");
        }
    }
}
