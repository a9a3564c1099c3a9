package dev.spinbpf.programs.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The constants agree with the tables that hold the same numbers. */
class NumbersOfLinuxTest {
    @Test
    void shouldNumberHelpersAsTheTableDoes() throws Exception {
        int compared = 0;
        for (Field constant : HelperIds.class.getFields()) {
            String name = constant.getName().toLowerCase(Locale.ROOT).replace("bpf_func_", "bpf_");
            if (!name.equals("bpf_max_id")) {
                assertThat(HelperIds.name(constant.getInt(null))).as(name).isEqualTo(name);
                compared++;
            }
        }
        assertThat(compared).isGreaterThanOrEqualTo(6);
        assertThat(HelperIds.all().keySet()).doesNotContain(HelperIds.BPF_FUNC_MAX_ID);
        assertThat(HelperIds.all().keySet()).contains(HelperIds.BPF_FUNC_MAX_ID - 1);
    }

    @Test
    void shouldNameErrorNumbersOfEitherSign() {
        assertThat(Errno.name(Errno.EINVAL)).isEqualTo("EINVAL");
        assertThat(Errno.name(-Errno.ENOTSUPP)).isEqualTo("ENOTSUPP");
        assertThat(Errno.name(-4000)).isEqualTo("4000");
    }
}
