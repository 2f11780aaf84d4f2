//! The record that comes of what was read and what was known.

use filedex::{FileRecord, ImageMedia, NewFile, VideoMedia, path};
use filedex_ingest::{Caption, DERIVED, Entry, FOLDER_JOB, Facts, Stamp, folder_tags};
use serde_json::{Map, Value, json};

use crate::folder::missing::MISSING_SINCE;
use crate::folder::plan::marks;

/// The attribute with the marks of the sidecars that were read.
pub const SIDECARS: &str = "sidecars";
/// The attribute of a file that moved: the id it had before.
pub const PREDECESSOR: &str = "predecessor";
/// The attribute with the time that a picture or movie says it is of.
const TAKEN: &str = "taken";
/// The attribute of a deleted record whose file moved: the id it has now.
pub const SUCCESSOR: &str = "successor";

/// What became of a file's content.
#[derive(Clone, Debug)]
pub enum Content {
    /// It was read, and is new or changed.
    Read(Box<Facts>),
    /// It was read, and is what it was; its time may be another.
    Same(Stamp),
    /// It was not read.
    Unread,
}

/// What a file's record is made of.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    pub entry: &'a Entry,
    pub uri: String,
    pub content: Content,
    /// What its sidecars say, where they are new or changed.
    pub caption: Option<Caption>,
    /// The record it has, or had where it was before.
    pub before: Option<&'a FileRecord>,
    /// Whether that record is of another path.
    pub moved: bool,
    pub tags_from_dirs: bool,
}

impl Parts<'_> {
    /// The file as an import merges it into its record.
    ///
    /// What people and other programs wrote stays: of attributes, only those are replaced that are made of
    /// the content.
    pub fn into_file(self) -> NewFile {
        let read = matches!(self.content, Content::Read(_));
        let mut file = match self.content {
            Content::Read(facts) => facts.into_file(self.uri),
            Content::Same(stamp) => NewFile {
                file_update_time: Some(stamp.time()),
                local_modified_at: Some(stamp.time()),
                ..NewFile::at(self.uri)
            },
            Content::Unread => NewFile::at(self.uri),
        };
        let mut attributes =
            self.before.map(|before| before.attributes.clone()).unwrap_or_default();
        if let Some(derived) = file.attributes.take() {
            attributes.retain(|name, _| !DERIVED.contains(&name.as_str()));
            attributes.extend(derived);
        }
        attributes.remove(MISSING_SINCE);
        attributes.remove(SUCCESSOR);
        if let Some(before) = self.before {
            if self.moved {
                attributes.insert(PREDECESSOR.to_owned(), json!(before.id));
                carry(&mut file, before);
            }
            if read {
                keep_media(&mut file, before);
                keep_birth(&mut file, before, &attributes);
            }
        }
        match marks(self.entry) {
            marks if marks.is_empty() => drop(attributes.remove(SIDECARS)),
            marks => drop(attributes.insert(SIDECARS.to_owned(), json!(marks))),
        }
        if let Some(caption) = self.caption {
            add_caption(&mut file, &mut attributes, caption, self.before);
        }
        let had_folder_tags =
            self.before.is_some_and(|before| before.tags.ai.contains_key(FOLDER_JOB));
        if self.tags_from_dirs || (self.moved && had_folder_tags) {
            file.tags_ai.insert(FOLDER_JOB.to_owned(), folder_tags(&self.entry.relative));
        }
        file.attributes = Some(attributes);
        file
    }
}

/// What follows a file to its new path: everything that is not of its content or its place.
fn carry(file: &mut NewFile, before: &FileRecord) {
    let renamed = before.file_name != path::name_of(&before.uri);
    file.file_name = renamed.then(|| before.file_name.clone());
    // A copy to another disk is born anew.
    file.file_create_time = before.file_create_time.or(file.file_create_time);
    file.comment.clone_from(&before.comment);
    file.description.clone_from(&before.description);
    file.labels.clone_from(&before.labels);
    file.hidden = before.hidden.then_some(true);
    file.starred = before.starred.then_some(true);
    file.tags_user.clone_from(&before.tags.user);
    file.tags_ai.clone_from(&before.tags.ai);
    file.tags_user_delete_ai.clone_from(&before.tags.user_delete_ai);
    file.semantic_index_job_id.clone_from(&before.semantic_index_job_id);
    file.semantic_index_update_time = before.semantic_index_update_time;
    file.crc64_hash.clone_from(&before.crc64_hash);
    file.upload_id.clone_from(&before.upload_id);
    file.user_tags.clone_from(&before.user_tags);
}

/// What is known of a picture from elsewhere (its town, its faces) stays with what the file says. A file
/// that is no picture any more has nothing of one.
fn keep_media(file: &mut NewFile, before: &FileRecord) {
    file.image_media = match (file.image_media.take(), before.image_media.clone()) {
        (Some(read), Some(before)) => Some(ImageMedia {
            time: read.time,
            width: read.width,
            height: read.height,
            location: read.location,
            exif: read.exif,
            ..before
        }),
        (None, Some(_)) => Some(ImageMedia::default()),
        (read, None) => read,
    };
    if file.video_media.is_none() && before.video_media.is_some() {
        file.video_media = Some(VideoMedia::default());
    }
}

/// Programs that save a file under another name and rename it give it a new birth. What a file says of
/// itself goes with what it said.
fn keep_birth(file: &mut NewFile, before: &FileRecord, attributes: &Map<String, Value>) {
    if !attributes.contains_key(TAKEN) && !before.attributes.contains_key(TAKEN) {
        file.file_create_time = before.file_create_time.or(file.file_create_time);
        file.local_created_at = before.local_created_at.or(file.local_created_at);
    }
}

fn add_caption(
    file: &mut NewFile,
    attributes: &mut Map<String, Value>,
    caption: Caption,
    before: Option<&FileRecord>,
) {
    file.comment = caption.comment.or(file.comment.take());
    file.description = caption.description.or(file.description.take());
    file.tags_user.extend(caption.tags);
    if !caption.labels.is_empty() {
        let mut labels = before.map(|before| before.labels.clone()).unwrap_or_default();
        for label in caption.labels {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        file.labels = labels;
    }
    let ours = [SIDECARS, PREDECESSOR, SUCCESSOR, MISSING_SINCE];
    for (name, value) in caption.attributes {
        let of_content = DERIVED.contains(&name.as_str()) && attributes.contains_key(&name);
        if !of_content && !ours.contains(&name.as_str()) {
            attributes.insert(name, value);
        }
    }
}
