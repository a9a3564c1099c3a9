package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.browser.Browser;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Looks at the page of {@code explore --html} in Chromium. Not part of a plain build: see CONTRIBUTING.md. */
@Timeout(300)
class FindingsPageBrowserTest {
    private static final String SHOWN = ".finding:not([hidden]) ";

    @TempDir
    static Path directory;

    private static WrittenPage page;
    private static Browser browser;

    @BeforeAll
    static void writeAndOpen() throws Exception {
        page = WrittenPage.of(
                directory, "explore", WrittenPage.sample("nmi_bucket"), "--preemptions", "0", "--duration", "5m");
        browser = page.browser();
    }

    @AfterAll
    static void stopBrowser() {
        page.close();
    }

    @Test
    void shouldBeginAtTheStepThatFailsAndSayWhatMetWhat() {
        page.open("");
        assertThat(browser.text(SHOWN + "h2")).startsWith("AA: map 'counts' bucket in on_nmi");
        assertThat(browser.text(SHOWN + ".met")).contains("wants map 'counts' bucket", "the same CPU holds");
        assertThat(browser.text(SHOWN + "tr.here.failed")).contains("bpf_map_update_elem", "← AA");
        assertThat(browser.text(SHOWN + "article:not([hidden])")).contains("ResultAA", "holdsmap 'counts' bucket");
        assertThat(browser.text(SHOWN + "svg .result")).isEqualTo("AA");
        assertThat(browser.text(SHOWN + "svg .landing + *")).isNotNull();
        assertThat(browser.console()).isEmpty();
    }

    @Test
    void shouldStepForwardAndBackWithKeysAndButtons() {
        page.open("");
        int last = browser.texts(SHOWN + "tbody tr[data-step]").size();
        assertThat(browser.text(SHOWN + ".step span")).isEqualTo("Step " + last + " of " + last);
        browser.press(Keys.ARROW_LEFT);
        assertThat(browser.text(SHOWN + "tr.here")).contains("*** nmi");
        assertThat(browser.text(SHOWN + "article:not([hidden])")).contains("*** nmi");
        browser.press(Keys.HOME);
        assertThat(browser.text(SHOWN + ".step span")).isEqualTo("Step 1 of " + last);
        browser.tabTo(SHOWN + "[data-by='1']");
        browser.press(Keys.ENTER, Keys.ENTER);
        assertThat(browser.text(SHOWN + ".step span")).isEqualTo("Step 3 of " + last);
        browser.press(Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT);
        assertThat(browser.text(SHOWN + ".step span")).isEqualTo("Step " + last + " of " + last);
        assertThat(browser.console()).isEmpty();
    }

    @Test
    void shouldShowSourceAndStateWhereThePointerIs() {
        page.open("");
        assertThat((Boolean) browser.run("return document.getElementById('tip').hidden"))
                .isTrue();
        browser.pointAt(SHOWN + ".column[data-step='1']");
        assertThat((Boolean) browser.run("return document.getElementById('tip').hidden"))
                .isFalse();
        assertThat(browser.text("#tip")).contains("bpf_map_update_elem(&counts", "holds", "Lock word");
        assertThat(browser.text(SHOWN + "tr.here")).as("to point is not to go").contains("← AA");
        browser.find(SHOWN + ".column[data-step='1']").click();
        assertThat(browser.text(SHOWN + ".step span")).startsWith("Step 2 of");
        assertThat(browser.console()).isEmpty();
    }

    @Test
    void shouldShowTheFindingThatIsChosen() {
        page.open("");
        assertThat(browser.texts("nav a")).hasSize(2);
        browser.tabTo("nav li:nth-child(2) a");
        browser.press(Keys.ENTER);
        browser.awaitText(SHOWN + "h2", "AA: map 'counts' freelist");
        assertThat(browser.texts(SHOWN + "h2")).hasSize(1);
        assertThat(browser.text("nav a[aria-current]")).contains("freelist");
        browser.press(Keys.ARROW_LEFT);
        assertThat(browser.text(SHOWN + "tr.here")).contains("*** nmi");
        page.open("#f2");
        assertThat(browser.text(SHOWN + "h2")).contains("freelist");
    }

    @Test
    void shouldServeEveryoneInAnyFormAndOnAPhone() throws Exception {
        page.assertServesEveryone("findings");
    }

    @Test
    void shouldRunNoScriptButItsOwn() throws Exception {
        Path hostile = directory.resolve("hostile.html");
        Files.writeString(
                hostile,
                Files.readString(Path.of(URI.create(page.url())))
                        .replace("<header>", "<header><script>document.title = 'taken'</script>"));
        browser.leave();
        browser.open(hostile.toUri().toString(), "light", 1280, 900);
        assertThat(browser.run("return document.title")).isEqualTo("Findings - spinbpf");
        assertThat(browser.text(SHOWN + ".step span")).startsWith("Step");
        assertThat(browser.console()).hasSize(1).first().asString().contains("Content Security Policy");
    }
}
