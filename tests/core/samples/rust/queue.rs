//! A bounded queue.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

pub const CAPACITY: usize = 64;

/// Why an item was refused.
#[derive(Debug, Clone)]
pub enum PushError<T> {
    Full(T),
    Closed(T),
}

/// A queue that blocks when it is empty.
#[derive(Default)]
pub struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    ready: Condvar,
}

pub trait Drain: Send {
    type Item;
    fn drain(&self) -> Vec<Self::Item>;
    fn is_empty(&self) -> bool {
        self.drain().is_empty()
    }
}

impl<T: Clone> Queue<T> {
    /// Adds an item, or gives it back.
    pub fn push(&self, item: T) -> Result<(), PushError<T>> {
        let mut items = self.items.lock().unwrap();
        if items.len() >= CAPACITY {
            return Err(PushError::Full(item));
        }
        items.push_back(item);
        self.ready.notify_one();
        Ok(())
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }
}

impl<T: Send> Drain for Queue<T> {
    type Item = T;

    fn drain(&self) -> Vec<T> {
        std::mem::take(&mut *self.items.lock().unwrap()).into_iter().collect()
    }
}

macro_rules! queue {
    ($($item:expr),*) => { Queue::from(vec![$($item),*]) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_gives_the_item_back() {
        let queue = Queue::default();
        assert!(matches!(queue.push(1), Ok(())));
    }
}
