/**
 * The maps: what programs share, laid out in guest memory, with the kernel's locks inside and the kernel's results.
 *
 * <p>An operation takes guest addresses of keys and values and returns 0 or a negative errno value; it makes no Java
 * object. A map is made by {@link dev.spinbpf.maps.map.MapFactory}, and walked for user space by
 * {@link dev.spinbpf.maps.map.MapCursor}. Programs, their helpers and the forms in which maps are printed or saved do
 * not belong here.
 */
@NullMarked
package dev.spinbpf.maps.map;

import org.jspecify.annotations.NullMarked;
