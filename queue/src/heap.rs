//! A binary heap that gives out the smallest, and stays what it was if a comparison panics: all
//! comparisons come first, then everything moves. (std's would drop the item it was taking out.)

pub(crate) struct Heap<T>(Vec<T>);

impl<T> Heap<T> {
    pub(crate) const fn new() -> Heap<T> {
        Heap(Vec::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Where the items are kept: for its capacity.
    pub(crate) fn items(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

const fn parent(child: usize) -> usize {
    (child - 1) / 2
}

impl<T: Ord> Heap<T> {
    pub(crate) fn push(&mut self, item: T) {
        let mut place = self.0.len();
        while place > 0 && item < self.0[parent(place)] {
            place = parent(place);
        }
        let mut from = self.0.len();
        self.0.push(item);
        while from > place {
            self.0.swap(from, parent(from));
            from = parent(from);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.0.len().checked_sub(1)?;
        // Where the last one goes, if it starts at the root.
        let mut place = 0;
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            if left >= last {
                break;
            }
            let child = if right < last && self.0[right] < self.0[left] {
                right
            } else {
                left
            };
            if self.0[last] <= self.0[child] {
                break;
            }
            place = child;
        }
        let smallest = self.0.swap_remove(0);
        // Down to that place: the bits of its number, counted from 1, are the way there.
        let number = place + 1;
        for level in (0..number.ilog2()).rev() {
            let child = (number >> level) - 1;
            self.0.swap(parent(child), child);
        }
        Some(smallest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_comes_out_whatever_went_in() {
        let mut number = 1_u64;
        for n in 0..if cfg!(miri) { 12 } else { 200 } {
            let mut heap = Heap::new();
            let mut sorted = Vec::new();
            for _ in 0..n {
                number = number
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                heap.push(number >> 58);
                sorted.push(number >> 58);
                if number >> 62 == 0 {
                    sorted.sort_unstable();
                    assert_eq!(heap.pop(), Some(sorted.remove(0)));
                }
            }
            sorted.sort_unstable();
            let out: Vec<u64> = std::iter::from_fn(|| heap.pop()).collect();
            assert_eq!(out, sorted);
            assert_eq!(heap.len(), 0);
        }
    }
}
