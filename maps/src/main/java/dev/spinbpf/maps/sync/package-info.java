/**
 * Shared words: the only way in which lock and map code touches memory that another emulated CPU may touch at the same
 * time. Methods carry the kernel's access modes in their names, and each access passes a
 * {@link dev.spinbpf.maps.sync.SchedulePoint} first. Algorithms do not belong here.
 */
@NullMarked
package dev.spinbpf.maps.sync;

import org.jspecify.annotations.NullMarked;
