//! Filedex: a filter becomes a plan, a plan becomes ranked, cursor-paged answers.
