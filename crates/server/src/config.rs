//! How a server is set up.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use filedex::Embedder;

use crate::auth::Keys;
use crate::browse::Browse;
use crate::files::OssAccount;
use crate::links::Links;
use crate::listen::ServeError;
use crate::local::CommandRunner;

/// How a server is set up. The default serves this machine alone, asks for no keys and gives out no
/// files.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; `127.0.0.1:8473` by default, port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may ask. Without keys, nothing is checked, and the address has to be of this machine.
    pub keys: Option<Keys>,
    /// Folders whose files can be downloaded, and have thumbnails.
    pub files_roots: Vec<PathBuf>,
    /// What downloads from OSS are signed with.
    pub oss: Option<OssAccount>,
    /// What addresses of downloads begin with; `http://` and the host of the request by default.
    pub public_url: Option<String>,
    /// Origins that pages in a browser may ask from; `*` for any, none by default.
    pub cors: Vec<String>,
    /// Largest body of a request, in bytes; 64 MiB by default.
    pub body_limit: usize,
    /// How long a request's headers, its body, and its work may take each; 60 seconds by default.
    pub timeout: Duration,
    /// Most connections at once; 1,024 by default. More wait to be accepted.
    pub connections: usize,
    /// Most requests at once; 512 by default. More are refused with 429, or 503.
    pub requests: usize,
    /// Models for jobs of the kind SemanticIndex.
    pub embedders: Vec<Arc<dyn Embedder>>,
    /// Runs commands for programs of this machine that find the file held by this server.
    pub commands: Option<Arc<dyn CommandRunner>>,
    /// A page for people in the place of the services; none by default. The address has to be of this
    /// machine, and what is asked for has to come from the browser that was let in.
    pub browse: Option<Browse>,
    /// The clock; the system's by default.
    pub clock: Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8473).into(),
            keys: None,
            files_roots: Vec::new(),
            oss: None,
            public_url: None,
            cors: Vec::new(),
            body_limit: 64 << 20,
            timeout: Duration::from_secs(60),
            connections: 1_024,
            requests: 512,
            embedders: Vec::new(),
            commands: None,
            browse: None,
            clock: None,
        }
    }
}

impl Config {
    /// Whether a server can be set up so; [`Server::bind`](crate::Server::bind) asks it too.
    ///
    /// # Errors
    /// [`ServeError::Unprotected`], [`ServeError::Files`].
    pub fn check(&self) -> Result<(), ServeError> {
        self.links().map(drop)
    }

    /// What makes links, of a server that may be set up so.
    pub(crate) fn links(&self) -> Result<Links, ServeError> {
        let open = self.keys.is_none() || self.browse.is_some();
        if open && !self.listen.ip().is_loopback() {
            return Err(ServeError::Unprotected(self.listen));
        }
        Links::of(self).map_err(ServeError::Files)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("keys", &self.keys.is_some())
            .field("files_roots", &self.files_roots)
            .field("oss", &self.oss)
            .field("public_url", &self.public_url)
            .field("cors", &self.cors)
            .field("body_limit", &self.body_limit)
            .field("timeout", &self.timeout)
            .field("browse", &self.browse)
            .field("connections", &self.connections)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}
