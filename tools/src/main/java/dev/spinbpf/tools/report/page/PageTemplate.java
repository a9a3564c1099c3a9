package dev.spinbpf.tools.report.page;

import dev.spinbpf.tools.report.Printable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/** The frame of a page: a file of this package, into which the styles that all pages share and the page's content go. */
final class PageTemplate {
    private static final String BASE = "base.css";
    private static final String STYLES = "/*base*/";
    private static final String CONTENT = "<!--content-->";

    private PageTemplate() {}

    /** Returns a page with this content. Its policy lets no other style or script in than those of the frame. */
    static String filled(String template, CharSequence content) {
        String frame = text(template).replace(STYLES, text(BASE));
        for (String element : List.of("style", "script")) {
            int from = frame.indexOf("<" + element + ">") + element.length() + 2;
            String body = frame.substring(from, frame.indexOf("</" + element + ">", from));
            frame = frame.replace("'" + element + "-hash'", "'sha256-" + digest(body) + "'");
        }
        return frame.replace(CONTENT, content);
    }

    private static String digest(String body) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(body.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("each Java has SHA-256", e);
        }
    }

    /** Returns text as HTML shows it, in an element or a quoted attribute; control characters stand as escapes. */
    static String escaped(String text) {
        StringBuilder html = new StringBuilder();
        text.lines().map(Printable::line).forEach(line -> {
            html.append(html.isEmpty() ? "" : "\n");
            for (int i = 0; i < line.length(); i++) {
                char c = line.charAt(i);
                switch (c) {
                    case '&' -> html.append("&amp;");
                    case '<' -> html.append("&lt;");
                    case '>' -> html.append("&gt;");
                    case '"' -> html.append("&quot;");
                    case '\'' -> html.append("&#39;");
                    default -> html.append(c);
                }
            }
        });
        return html.toString();
    }

    private static String text(String resource) {
        try (InputStream page = PageTemplate.class.getResourceAsStream(resource)) {
            if (page == null) {
                throw new IllegalStateException(resource + " is not in the jar");
            }
            return new String(page.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
