//! Files behind links: what is opened, what a link allows, what is sent, and what thumbnails look like.

mod links;
mod oss;
mod roots;
mod stream;
mod thumbnails;
