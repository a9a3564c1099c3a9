/**
 * A client of {@code spinbpf serve}: requests over HTTP, its answers as values, and the ways in which a request fails. Output
 * and the words of commands do not belong here.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.client;
