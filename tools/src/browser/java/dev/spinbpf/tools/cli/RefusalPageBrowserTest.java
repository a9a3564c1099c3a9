package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.browser.Browser;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Looks at the page of {@code verify --html} in Chromium. Not part of a plain build: see CONTRIBUTING.md. */
@Timeout(300)
class RefusalPageBrowserTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @TempDir
    static Path directory;

    private static Browser browser;
    private static String url;

    @BeforeAll
    static void writeAndOpen() throws Exception {
        Path page = directory.resolve("page.html");
        Outcome outcome = Outcome.spinbpf(
                "verify",
                SAMPLES.resolve("unlock_out_of_order.bpf.o").toString(),
                SAMPLES.resolve("leaked_lock.bpf.o").toString(),
                "--html",
                page.toString());
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        url = page.toUri().toString();
        browser = new Browser(directory.resolve("profile"));
    }

    @AfterAll
    static void stopBrowser() {
        browser.close();
    }

    @Test
    void shouldStepThroughThePathWithRegistersAndLocks() {
        browser.open(url, "light", 1280, 900);
        assertThat(browser.text("#p0 tr.here")).contains("call bpf_res_spin_unlock#1", "first, second");
        assertThat(browser.text("#p0 li.here")).contains("bpf_res_spin_unlock(&first)");
        browser.tabTo("#p0 [data-by='-1']");
        browser.press(Keys.ENTER, Keys.ENTER, Keys.ENTER);
        assertThat(browser.text("#p0 tr.here")).contains("r2 += 1");
        assertThat(browser.text("#p0 li.here")).contains("moves++");
        assertThat(browser.text("#p0 .registers")).contains("R6map_value(map=.data.first,ks=4,vs=4)", "R2scalar()");
        browser.tabTo("#p0 .steps");
        browser.press(Keys.ARROW_DOWN);
        assertThat(browser.text("#p0 tr.here")).contains("*(u64 *)(r1 +0) = r2");
        assertThat(browser.console()).isEmpty();
    }

    @Test
    void shouldServeEveryoneInAnyFormAndOnAPhone() throws Exception {
        for (String scheme : new String[] {"light", "dark"}) {
            for (int width : new int[] {1280, 390}) {
                browser.open(url, scheme, width, 900);
                assertThat(browser.violations()).as("%s %d", scheme, width).isEmpty();
                assertThat((Long) browser.run("return document.documentElement.scrollWidth"))
                        .isLessThanOrEqualTo(width);
                browser.screenshot(
                        Path.of("target", "screenshots", "refusals-" + scheme + "-" + width + ".png"), width);
            }
        }
        assertThat(browser.console()).isEmpty();
    }
}
