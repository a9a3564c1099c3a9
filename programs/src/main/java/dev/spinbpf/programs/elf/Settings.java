package dev.spinbpf.programs.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Values of {@code .kconfig} externs. {@code LINUX_*} are known as libbpf knows them; {@code CONFIG_*} come from the
 * options; a weak one without a value is 0, another one keeps the object from being loaded.
 */
final class Settings {
    private final Map<Extern, String> problems = new HashMap<>();
    private final Set<Extern> unknown = new HashSet<>();
    private final ByteBuffer values;
    private final ReadOptions options;

    Settings(Externs externs, ReadOptions options) {
        this.options = options;
        this.values = ByteBuffer.allocate(externs.settingsBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (Extern extern : externs.settings()) {
            String problem = fill(extern, (Extern.Setting) extern.role());
            if (problem != null) {
                problems.put(extern, "extern (kcfg) '" + extern.name() + "': " + problem);
            }
        }
    }

    /** Contents of map {@code .kconfig}. */
    byte[] contents() {
        return values.array();
    }

    /** Returns true if the configuration has no value for a setting that has to have one. */
    boolean isUnknown(Extern extern) {
        return unknown.contains(extern);
    }

    /** Says where values come from. */
    String advice() {
        return options.kconfig().isEmpty()
                ? "no configuration of a kernel is at hand"
                : "the kernel's configuration has no value for it";
    }

    /** Returns the reason why the object cannot be loaded with the value of this setting, or null. */
    @Nullable
    String problem(Extern extern) {
        return problems.get(extern);
    }

    private @Nullable String fill(Extern extern, Extern.Setting setting) {
        if (!extern.name().startsWith("CONFIG_")) {
            return switch (extern.name()) {
                case "LINUX_KERNEL_VERSION" -> number(setting, options.kernelVersion());
                case "LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER" -> number(setting, 1);
                default -> extern.weak() && extern.name().startsWith("LINUX_") ? null : "unrecognized virtual extern";
            };
        }
        String value = options.kconfig().get(extern.name());
        if (value == null) {
            if (!extern.weak()) {
                unknown.add(extern);
            }
            return null;
        }
        return switch (value) {
            case "y", "m", "n" -> letter(setting, value.charAt(0));
            default -> value.startsWith("\"") ? text(setting, value) : parsed(setting, value);
        };
    }

    private @Nullable String letter(Extern.Setting setting, char value) {
        switch (setting.shape()) {
            case BOOL -> {
                if (value == 'm') {
                    return "value 'm' implies tristate or char type";
                }
                values.put(setting.offset(), (byte) (value == 'y' ? 1 : 0));
            }
            case TRISTATE -> {
                int number =
                        switch (value) {
                            case 'y' -> 1;
                            case 'm' -> 2;
                            default -> 0;
                        };
                store(setting, number);
            }
            case CHAR -> values.put(setting.offset(), (byte) value);
            default -> {
                return "value '" + value + "' implies bool, tristate, or char type";
            }
        }
        return null;
    }

    private @Nullable String text(Extern.Setting setting, String value) {
        if (setting.shape() != Extern.Shape.CHAR_ARRAY) {
            return "value " + value + " implies char array type";
        }
        if (value.length() < 2 || !value.endsWith("\"")) {
            return "invalid string config " + value;
        }
        byte[] bytes = value.substring(1, value.length() - 1).getBytes(StandardCharsets.UTF_8);
        values.put(setting.offset(), bytes, 0, Math.min(bytes.length, setting.size() - 1));
        return null;
    }

    private @Nullable String parsed(Extern.Setting setting, String value) {
        if (setting.shape() != Extern.Shape.INT && setting.shape() != Extern.Shape.CHAR) {
            return "value '" + value + "' implies integer type";
        }
        try {
            return number(setting, Long.decode(value));
        } catch (NumberFormatException e) {
            return "value '" + value + "' isn't a valid integer";
        }
    }

    private @Nullable String number(Extern.Setting setting, long value) {
        switch (setting.shape()) {
            case TRISTATE, CHAR_ARRAY -> {
                return "value '" + value + "' implies integer, char, or boolean type";
            }
            case BOOL -> {
                if (value != 0 && value != 1) {
                    return "value '" + value + "' isn't boolean compatible";
                }
            }
            default -> {
                if (!fits(setting, value)) {
                    return "value '" + value + "' doesn't fit in " + setting.size() + " bytes";
                }
            }
        }
        store(setting, value);
        return null;
    }

    private static boolean fits(Extern.Setting setting, long value) {
        int bits = setting.size() * Byte.SIZE;
        if (bits >= Long.SIZE) {
            return true;
        }
        return setting.signed() ? value << -bits >> -bits == value : value >>> bits == 0;
    }

    private void store(Extern.Setting setting, long value) {
        switch (setting.size()) {
            case 1 -> values.put(setting.offset(), (byte) value);
            case 2 -> values.putShort(setting.offset(), (short) value);
            case 4 -> values.putInt(setting.offset(), (int) value);
            default -> values.putLong(setting.offset(), value);
        }
    }
}
