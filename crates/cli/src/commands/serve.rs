//! `filedex serve`: a database behind the HTTP contracts of three services.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use filedex::Embedder;
use filedex_server::auth::Keys;
use filedex_server::files::OssAccount;
use filedex_server::{Config, ServeError, Server};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::args::File;
use crate::at_server::Commands;
use crate::database::builder;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::model::Model;
use crate::output::Output;

const HELP: &str = "\
Examples:
  filedex serve photos.filedex
  filedex serve photos.filedex --files-root /photos --listen 127.0.0.1:9000
  filedex serve photos.filedex --listen 0.0.0.0:8473 --auth keys.toml
  curl 'http://127.0.0.1:8473/v1/datasets'

It speaks PAI AIWorkSpace 2021-02-04 (/api/v1), PDS 2022-03-01 (/v2) and Nebius Token Factory
(/v1), so that their clients work with no change but the endpoint. /healthz, /metrics and
/openapi.json are its own. A file that is not there is made.

Without --auth it asks for no keys, and only this machine can connect. --auth takes a TOML file
that only you can read:
  [[access_key]]
  id = \"…\"
  secret = \"…\"
  [[bearer]]
  name = \"…\"
  token = \"…\"
or `env`: FILEDEX_ACCESS_KEY_ID with FILEDEX_ACCESS_KEY_SECRET, and FILEDEX_BEARER_TOKEN.

Downloads of oss:// files are signed with OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and
OSS_SESSION_TOKEN, where --oss-region is said.

While it runs, other commands on the file are run by it: query, why, get, update, tag, delete,
stats, info, export, dataset, version and space. Ctrl-C ends it once the requests at work are
answered.";

/// How long a request may read on after a later commit.
const SNAPSHOT_EXPIRY: Duration = Duration::from_secs(600);

/// Serve a database over HTTP to clients of PAI, PDS and Nebius
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8473")]
    listen: SocketAddr,
    /// Who may ask: a file of keys, or env
    #[arg(long, value_name = "FILE|env")]
    auth: Option<PathBuf>,
    /// Folders whose files can be downloaded and have thumbnails; can be said several times
    #[arg(long, value_name = "FOLDER")]
    files_root: Vec<PathBuf>,
    /// The region of OSS that downloads of oss:// files are signed for
    #[arg(long, value_name = "REGION", env = "OSS_REGION")]
    oss_region: Option<String>,
    /// Its endpoint, where it is not the region's public one
    #[arg(long, value_name = "HOST", requires = "oss_region")]
    oss_endpoint: Option<String>,
    /// What addresses of downloads begin with, as behind a proxy; else http:// and the host asked
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Origins that web pages may ask from, * for any; can be said several times
    #[arg(long, value_name = "ORIGIN")]
    cors: Vec<String>,
    /// Largest body of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    body_limit: usize,
    /// What a request's headers, its body and its work may take each, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Models beside the one inside the program: folders, for searches and for SemanticIndex jobs
    #[arg(long, value_name = "FOLDER")]
    model: Vec<PathBuf>,
    /// The log of requests, on standard error
    #[arg(long, value_name = "HOW", default_value = "text", hide_possible_values = true)]
    log: Log,
}

/// How the log is written: text, json or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Log {
    Text,
    Json,
    Off,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let models = args.models()?;
    // No request takes so long: what is held then was forgotten.
    let mut builder = builder(output).snapshot_expiry(Some(SNAPSHOT_EXPIRY));
    for model in &models {
        builder = builder.embedder(model.clone());
    }
    let config = args.config(&models)?;
    // Before a file is made for nothing.
    config.check().map_err(failure)?;
    let database = builder.open_or_create(&args.file.path)?;
    args.start_log(output);
    let server = Server::bind(database, config).map_err(failure)?;
    let stop = server.stop_handle();
    Interrupt::listen(move || stop.stop())?;
    let address = format!("http://{}", server.address());
    // On standard error, as the log: standard output stays for answers, of which there are none.
    if output.is_json() {
        crate::output::to_stderr(&json!({ "listening": address }).to_string());
    } else {
        crate::output::to_stderr(&format!("listening on {address}"));
    }
    server.run().map_err(failure)
}

impl Args {
    fn models(&self) -> Result<Vec<Model>, Failure> {
        let folders = self
            .model
            .iter()
            .map(|folder| Ok(Model::Folder(Arc::from(filedex_embed::open::open(folder)?))));
        [Ok(Model::BuiltIn)].into_iter().chain(folders).collect()
    }

    fn config(&self, models: &[Model]) -> Result<Config, Failure> {
        let keys = match &self.auth {
            None => None,
            Some(name) if name.as_os_str() == "env" => Some(Keys::from_environment()),
            Some(path) => Some(Keys::from_file(path)),
        };
        let keys = keys.transpose().map_err(|error| Failure::Usage(error.to_string()))?;
        if keys.as_ref().is_some_and(Keys::is_empty) {
            let why = "--auth env needs FILEDEX_ACCESS_KEY_ID with FILEDEX_ACCESS_KEY_SECRET, or \
                       FILEDEX_BEARER_TOKEN; none is set, so nobody could be let in";
            return Err(Failure::Usage(why.to_owned()));
        }
        Ok(Config {
            listen: self.listen,
            keys,
            files_roots: self.files_root.clone(),
            oss: self.oss()?,
            public_url: self.public_url.clone(),
            cors: self.cors.clone(),
            body_limit: self.body_limit,
            timeout: Duration::from_secs(self.timeout),
            embedders: models
                .iter()
                .cloned()
                .map(|model| Arc::new(model) as Arc<dyn Embedder>)
                .collect(),
            commands: Some(Arc::new(Commands)),
            ..Config::default()
        })
    }

    fn oss(&self) -> Result<Option<OssAccount>, Failure> {
        let Some(region) = self.oss_region.clone() else { return Ok(None) };
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (Some(access_key_id), Some(access_key_secret)) =
            (variable("OSS_ACCESS_KEY_ID"), variable("OSS_ACCESS_KEY_SECRET"))
        else {
            return Err(Failure::Usage(
                "--oss-region needs OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET in the environment"
                    .to_owned(),
            ));
        };
        Ok(Some(OssAccount {
            region,
            access_key_id,
            access_key_secret,
            security_token: variable("OSS_SESSION_TOKEN"),
            endpoint: self.oss_endpoint.clone(),
        }))
    }

    /// Writes what the server says of itself to standard error, a line for each request.
    fn start_log(&self, output: &Output) {
        if self.log == Log::Off || (!output.shows_progress() && !output.is_json()) {
            return;
        }
        let log = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::INFO)
            .with_target(false)
            .with_writer(std::io::stderr);
        if self.log == Log::Json || output.is_json() {
            log.json().flatten_event(true).init();
        } else {
            log.with_ansi(output.shows_colour()).init();
        }
    }
}

pub fn failure(error: ServeError) -> Failure {
    match error {
        ServeError::Unprotected(address) => Failure::Usage(format!(
            "{address} can be reached from other machines; say --auth with a file of keys, or \
             listen on 127.0.0.1"
        )),
        ServeError::Files(_) => Failure::Usage(error.to_string()),
        ServeError::Listen(address, error) => Failure::io(format!("listening on {address}"), error),
        ServeError::Database(error) => error.into(),
        other => Failure::Failed(other.to_string()),
    }
}
