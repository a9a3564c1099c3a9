/** A client of {@code spinbpf serve}: requests over HTTP, what it answers, and what goes wrong on the way. */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.client;
