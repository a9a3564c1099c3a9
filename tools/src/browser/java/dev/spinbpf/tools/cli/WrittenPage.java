package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.browser.Browser;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A page that a command wrote, in a browser.
 *
 * @param url its address
 */
record WrittenPage(String url, Browser browser) implements AutoCloseable {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    /** Returns a sample's file name. */
    static String sample(String name) {
        return SAMPLES.resolve(name + ".bpf.o").toString();
    }

    /** Runs a command, which finds something and writes the page. */
    static WrittenPage of(Path directory, String... command) throws Exception {
        Path page = directory.resolve("page.html");
        Outcome outcome = Outcome.spinbpf(Stream.concat(Stream.of(command), Stream.of("--html", page.toString()))
                .toArray(String[]::new));
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        return new WrittenPage(page.toUri().toString(), new Browser(directory.resolve("profile")));
    }

    /** Loads the page again at an anchor, in a wide window and the light scheme. */
    void open(String where) {
        browser.leave();
        browser.open(url + where, "light", 1280, 900);
    }

    /** Looks at the page in both colour schemes, wide and on a phone, and keeps pictures of that name. */
    void assertServesEveryone(String name) throws Exception {
        for (String scheme : new String[] {"light", "dark"}) {
            for (int width : new int[] {1280, 390}) {
                browser.leave();
                browser.open(url, scheme, width, 900);
                assertThat(browser.violations()).as("%s %d", scheme, width).isEmpty();
                assertThat((Long) browser.run("return document.documentElement.scrollWidth"))
                        .isLessThanOrEqualTo(width);
                browser.screenshot(Path.of("target", "screenshots", name + "-" + scheme + "-" + width + ".png"), width);
                assertThat(browser.console()).isEmpty();
            }
        }
    }

    @Override
    public void close() {
        browser.close();
    }
}
