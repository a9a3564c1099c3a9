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
    @TempDir
    static Path directory;

    private static WrittenPage page;
    private static Browser browser;

    @BeforeAll
    static void writeAndOpen() throws Exception {
        page = WrittenPage.of(
                directory, "verify", WrittenPage.sample("unlock_out_of_order"), WrittenPage.sample("leaked_lock"));
        browser = page.browser();
    }

    @AfterAll
    static void stopBrowser() {
        page.close();
    }

    @Test
    void shouldStepThroughThePathWithRegistersAndLocks() {
        page.open("");
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
        page.assertServesEveryone("refusals");
        assertThat(browser.console()).isEmpty();
    }
}
