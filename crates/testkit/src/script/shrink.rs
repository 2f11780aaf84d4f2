//! Making a failing case small: delta debugging.

/// The smallest list that `fails` that comes of leaving members out: halves first, then quarters,
/// at last single members, over and over until none can go.
///
/// `fails` is asked of the members that are left; it has to hold for all of them.
///
/// ```
/// use filedex_testkit::script::least;
/// let numbers: Vec<u32> = (0..1_000).collect();
/// let fails = |left: &[u32]| left.contains(&3) && left.contains(&777);
/// assert_eq!(least(&numbers, fails), [3, 777]);
/// ```
pub fn least<T: Clone>(all: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut left = all.to_vec();
    let mut size = left.len().div_ceil(2);
    while size > 0 && !left.is_empty() {
        let (mut at, mut shorter) = (0, false);
        while at < left.len() {
            let end = (at + size).min(left.len());
            let without = [&left[..at], &left[end..]].concat();
            if fails(&without) {
                left = without;
                shorter = true;
            } else {
                at = end;
            }
        }
        if size == 1 && !shorter {
            break;
        }
        size = if size == 1 { 1 } else { size.div_ceil(2).min(left.len().max(1)) };
    }
    left
}

/// The smallest list that `fails`: members are left out, and what is left is put in simpler forms,
/// which `simpler` tells of each member, the simplest first.
pub fn shrink<T: Clone>(
    all: &[T],
    simpler: impl Fn(&T) -> Vec<T>,
    mut fails: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut left = least(all, &mut fails);
    loop {
        let mut simplified = false;
        for at in 0..left.len() {
            while let Some(next) = first_that_fails(&left, at, &simpler, &mut fails) {
                left = next;
                simplified = true;
            }
        }
        if !simplified {
            return left;
        }
        left = least(&left, &mut fails);
    }
}

fn first_that_fails<T: Clone>(
    left: &[T],
    at: usize,
    simpler: &impl Fn(&T) -> Vec<T>,
    fails: &mut impl FnMut(&[T]) -> bool,
) -> Option<Vec<T>> {
    simpler(&left[at]).into_iter().find_map(|member| {
        let mut next = left.to_vec();
        next[at] = member;
        fails(&next).then_some(next)
    })
}
