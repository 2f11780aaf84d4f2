//! The page that people look at a database with: a gallery, its query box, facets and details.
//!
//! ```text
//! page/            the page itself: HTML, a style sheet and ES modules, inside the program
//! access.rs        who may ask: a token for reading, a header of the page's own for changing
//! answer.rs        the version and the question of a request, and what is wrong with it
//! gallery.rs       any stretch of an answer, by place
//! summary.rs       what an answer is made of: facets and histograms
//! completion.rs    what can be typed next
//! file.rs          one file: its record, why it is there, the file itself
//! thumbnails.rs    small pictures, kept in a folder outside the database
//! edit.rs          tags, labels and comments of some files, in one commit
//! ```
//!
//! A server with a page serves nothing else: the services have no part in it.

mod access;
mod answer;
mod assets;
mod completion;
mod edit;
mod file;
mod gallery;
mod summary;
mod thumbnails;

use std::path::PathBuf;

use axum::Router;
use axum::routing::{get, post};

use crate::app::Shared;

pub(crate) use access::Access;
pub(crate) use gallery::Galleries;
pub(crate) use thumbnails::Thumbnails;

/// How a page is set up.
///
/// ```
/// use filedex_server::Browse;
/// let browse = Browse { edit: true, ..Browse::default() };
/// assert!(browse.thumbnails.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Browse {
    /// Whether the page may change tags, labels and comments; it only shows by default.
    pub edit: bool,
    /// Where small pictures are kept from one run to the next; nowhere by default.
    pub thumbnails: Option<PathBuf>,
}

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(assets::index))
        .route("/page/{name}", get(assets::asset))
        .route("/browse/database", get(answer::database))
        .route("/browse/items", get(gallery::items))
        .route("/browse/facets", get(summary::facets))
        .route("/browse/histogram", get(summary::histogram))
        .route("/browse/completions", get(completion::completions))
        .route("/browse/record", get(file::record))
        .route("/browse/why", get(file::why))
        .route("/browse/thumbnail", get(file::thumbnail))
        .route("/browse/original", get(file::original))
        .route("/browse/edit", post(edit::edit))
}
