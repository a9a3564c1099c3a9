package dev.spinbpf.tools.metrics;

/**
 * The metrics at one moment, in the format that the scraper asked for.
 *
 * @param contentType the value of the answer's header Content-Type
 * @param body the answer's body, not compressed
 */
@SuppressWarnings("ArrayRecordComponent") // written to a socket at once; nobody compares two
public record Exposition(String contentType, byte[] body) {}
