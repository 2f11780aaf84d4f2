//! `filedex browse`: a page to look at a database with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use filedex_server::{Browse, Config, Server};
use serde_json::json;

use crate::args::File;
use crate::at_server::Commands;
use crate::commands::serve::failure;
use crate::database::builder;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;

const HELP: &str = "\
Examples:
  filedex browse photos.filedex --files-root /photos
  filedex browse photos.filedex --files-root /photos --edit
  filedex browse photos.filedex --port 9000 --json

Opens nothing by itself: it prints an address, which has a token that lets a browser in. Only this
machine can connect. Pictures, videos and sounds are shown of files below the folders that
--files-root says; small pictures are kept in the cache folder of the user, never in the database.
Without --edit the page changes nothing. Ctrl-C ends it.

While it runs, other commands on the file are run by it, as by `filedex serve`.";

/// Look at a database in a browser: gallery, facets, details, tags
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// Folders whose files are shown; can be said several times
    #[arg(long, value_name = "FOLDER")]
    files_root: Vec<PathBuf>,
    /// Let the page change tags, labels, comments and stars
    #[arg(long)]
    edit: bool,
    /// The port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8474)]
    port: u16,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let config = Config {
        listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port),
        files_roots: args.files_root.clone(),
        commands: Some(Arc::new(Commands)),
        browse: Some(Browse { edit: args.edit, thumbnails: thumbnails_folder() }),
        ..Config::default()
    };
    config.check().map_err(failure)?;
    let path = &args.file.path;
    let database = builder(output).open(path).map_err(|error| Failure::opening(path, error))?;
    let server = Server::bind(database, config).map_err(failure)?;
    let stop = server.stop_handle();
    Interrupt::listen(move || stop.stop())?;
    let address = server.entrance().unwrap_or_default();
    if output.is_json() {
        output.json(&json!({ "address": address }))?;
    } else {
        output.line(format!("open {address}"))?;
        output.note("Ctrl-C ends it");
    }
    output.flush()?;
    server.run().map_err(failure)
}

/// Where small pictures are kept: in the user's cache folder, if there is one.
fn thumbnails_folder() -> Option<PathBuf> {
    let variable =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let cache = variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .or_else(|| variable("LOCALAPPDATA"))?;
    Some(cache.join("filedex").join("thumbnails"))
}
