//! The three tag groups of a file, and what they add up to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Tags by who set them. Within a group a tag stands once, in order of arrival.
///
/// ```
/// use filedex_model::Tags;
/// let mut tags = Tags::default();
/// tags.ai.insert("job-1".into(), vec!["car".into(), "sunny day".into()]);
/// tags.user.push("Everett".into());
/// tags.user_delete_ai.push("sunny day".into());
/// assert_eq!(tags.all(), ["car", "Everett"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Tags a person set.
    pub user: Vec<String>,
    /// Tags that tagging jobs set: one set for each job, replaced by that job only.
    pub ai: BTreeMap<String, Vec<String>>,
    /// Machine tags that a person took back.
    pub user_delete_ai: Vec<String>,
}

impl Tags {
    /// The union of all jobs' sets, those taken back included; jobs in order of their ids.
    #[must_use]
    pub fn ai_union(&self) -> Vec<&str> {
        let mut union = Vec::new();
        for tag in self.ai.values().flatten() {
            push_once(&mut union, tag.as_str());
        }
        union
    }

    /// ai and user, less user-delete-ai-tags: what a search for a tag means.
    #[must_use]
    pub fn all(&self) -> Vec<&str> {
        let mut all = self.ai_union();
        for tag in &self.user {
            push_once(&mut all, tag.as_str());
        }
        all.retain(|tag| !self.user_delete_ai.iter().any(|gone| gone == tag));
        all
    }

    /// Whether no group holds a tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.user.is_empty()
            && self.user_delete_ai.is_empty()
            && self.ai.values().all(Vec::is_empty)
    }
}

fn push_once<'a>(tags: &mut Vec<&'a str>, tag: &'a str) {
    if !tags.contains(&tag) {
        tags.push(tag);
    }
}
