package story

import "slices"

// Shrink takes acts out of a story as long as fails still holds, and returns the shortest one that it found. It asks at
// most so many times.
func Shrink(s Story, asks int, fails func(Story) bool) Story {
	for size := max(len(s.Acts)/2, 1); ; size /= 2 {
		for shorter := true; shorter; {
			shorter = false
			for from := 0; from < len(s.Acts); {
				if asks--; asks < 0 {
					return s
				}
				candidate := Story{Acts: slices.Delete(slices.Clone(s.Acts), from, min(from+size, len(s.Acts))), End: s.End}
				if fails(candidate) {
					s, shorter = candidate, true
				} else {
					from += size
				}
			}
		}
		if size <= 1 {
			return s
		}
	}
}
