//! The forms in which values are stored: this crate's own mirrors of the model's types, so that
//! the format does not move when the model does.

pub(crate) mod blob;
pub(crate) mod dataset;
pub(crate) mod dictionary;
pub(crate) mod json;
pub(crate) mod media;
pub(crate) mod record;
pub(crate) mod segment;
pub(crate) mod space;
pub(crate) mod vector_segment;
pub(crate) mod version;

#[cfg(test)]
mod golden;
