//! Which service a request is for: its path tells. Errors of the server itself are told in the shape
//! of the service.

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Pai,
    Pds,
    Nebius,
    /// The server itself.
    Own,
}

impl Service {
    pub fn of(path: &str) -> Self {
        let under = |root: &str| {
            path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if under("/api/v1") {
            Self::Pai
        } else if under("/v2") {
            Self::Pds
        } else if under("/v1") {
            Self::Nebius
        } else {
            Self::Own
        }
    }

    /// As it is logged and counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pai => "pai",
            Self::Pds => "pds",
            Self::Nebius => "nebius",
            Self::Own => "own",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Service;

    #[test]
    fn paths_tell() {
        for (path, service) in [
            ("/api/v1/datasets", Service::Pai),
            ("/api/v1x", Service::Own),
            ("/v2/file/get", Service::Pds),
            ("/v2", Service::Pds),
            ("/v1/datasets/d", Service::Nebius),
            ("/healthz", Service::Own),
        ] {
            assert_eq!(Service::of(path), service, "{path}");
        }
    }
}
