package dev.spinbpf.tools.serve.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The token that clients have to show. Digests are compared, in constant time, so that neither the time that it takes
 * nor the length of a guess tells anything. Guesses are counted: after too many of them within a while no further one is
 * looked at, whoever sends it; the right token is always taken.
 */
public final class BearerToken {
    private static final String SCHEME = "Bearer ";
    private static final int FEWEST_CHARACTERS = 16;
    private static final int MOST_BYTES = 4096;
    private static final int MOST_GUESSES = 20;
    private static final long WHILE_NANOS = 10_000_000_000L;

    private final byte[] digest;
    private final LongSupplier nanoTime;
    private long whileStart;
    private int guesses;

    BearerToken(String token, LongSupplier nanoTime) {
        this.digest = digest(token);
        this.nanoTime = nanoTime;
        this.whileStart = nanoTime.getAsLong();
    }

    /**
     * Reads a token from a file: its first line.
     *
     * @throws IOException where the file cannot be read, or its token is shorter than 16 characters or none that a
     *     header can carry
     */
    public static BearerToken read(Path file) throws IOException {
        return new BearerToken(readText(file), System::nanoTime);
    }

    /** Reads a token's text from a file, as {@link #read} does; for those who show it. */
    public static String readText(Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException(file + ": is larger than " + MOST_BYTES + " bytes; the token is its one line");
        }
        String token = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (token.length() < FEWEST_CHARACTERS || !isPlain(token)) {
            throw new IOException(file + ": has to hold a token of " + FEWEST_CHARACTERS
                    + " or more characters without spaces; make one with: head -c 32 /dev/urandom | base64");
        }
        return token;
    }

    /** Returns true where a header can carry a text as a token. */
    public static boolean isPlain(String token) {
        return token.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    /**
     * Checks what a client shows.
     *
     * @param authorization the header, or null
     * @throws Problem 401 where it is not the token, 429 where too many others were shown
     */
    synchronized void check(@Nullable String authorization) throws Problem {
        boolean shown = authorization != null
                && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(
                        digest, digest(authorization.substring(SCHEME.length()).strip()));
        if (shown) {
            return;
        }
        long now = nanoTime.getAsLong();
        if (now - whileStart > WHILE_NANOS) {
            whileStart = now;
            guesses = 0;
        }
        if (authorization != null && ++guesses > MOST_GUESSES) {
            throw Problem.of(429, "too many wrong tokens").header("Retry-After", "10");
        }
        throw Problem.of(401, authorization == null ? "this needs a token" : "this is not the token")
                .header("WWW-Authenticate", "Bearer realm=\"spinbpf\"");
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.ISO_8859_1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
