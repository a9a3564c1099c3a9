package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.MapDef;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Values that global variables get before the object is loaded, spelled as veristat's {@code -G} spells them.
 *
 * <p>A variable is named by itself, or with members and indices: {@code table[2].limit}. An index is a number or the name of an
 * enumerator. The value is a number, decimal, octal ({@code 0…}) or hexadecimal ({@code 0x…}), or an enumerator of the variable's
 * type. Only numbers and enums can be set, and no bit fields; the value must fit; each variable that is named must be there.
 */
final class GlobalPresets {
    private static final Pattern STEP = Pattern.compile("\\s*([a-zA-Z0-9_]+)\\s*((?:\\[\\s*[a-zA-Z0-9_]+\\s*]\\s*)*)");
    private static final Pattern INDEX = Pattern.compile("\\[\\s*([a-zA-Z0-9_]+)\\s*]");

    private final LoadedTypes types;
    private final List<Preset> presets = new ArrayList<>();
    private final Set<Preset> applied = new HashSet<>();

    /** A part of a variable that gets a value. */
    private record Preset(String text, List<Step> steps, String value) {}

    /** A member or, in brackets, an index. */
    private record Step(String name, boolean isIndex) {}

    /** Bytes of a variable, by their type. */
    private record Place(int typeId, long offset) {}

    /** Thrown for a value that cannot be set; the message says why. */
    static final class PresetException extends Exception {
        private static final long serialVersionUID = 1;

        PresetException(String message) {
            super(message);
        }
    }

    GlobalPresets(LoadedTypes types, Map<String, String> values) throws PresetException {
        this.types = types;
        for (Map.Entry<String, String> entry : values.entrySet()) {
            presets.add(new Preset(entry.getKey(), steps(entry.getKey()), entry.getValue()));
        }
    }

    private static List<Step> steps(String text) throws PresetException {
        List<Step> steps = new ArrayList<>();
        for (String part : text.split("\\.", -1)) {
            Matcher step = STEP.matcher(part);
            if (!step.matches()) {
                throw new PresetException("can't parse '" + text + "'");
            }
            steps.add(new Step(step.group(1), false));
            Matcher index = INDEX.matcher(step.group(2));
            while (index.find()) {
                steps.add(new Step(index.group(1), true));
            }
        }
        return steps;
    }

    /** Returns the map of a section with the values that its variables get. */
    MapDef apply(MapDef map) throws PresetException {
        if (presets.isEmpty() || !(types.type(map.valueTypeId()) instanceof BtfType.DataSec section)) {
            return map;
        }
        byte[] data = map.initialData();
        byte[] contents = data == null ? new byte[0] : data.clone();
        for (BtfType.SecVar entry : section.vars()) {
            for (Preset preset : presets) {
                if (types.type(entry.varTypeId()) instanceof BtfType.Var variable
                        && variable.name().equals(preset.steps.getFirst().name)) {
                    set(contents, preset, new Place(variable.typeId(), entry.offset()));
                }
            }
        }
        return map.toBuilder().initialData(contents).build();
    }

    /** Refuses values whose variables no section has. */
    void checkAllApplied() throws PresetException {
        for (Preset preset : presets) {
            if (!applied.contains(preset)) {
                throw new PresetException("there is no global variable '" + preset.text + "' to set");
            }
        }
    }

    private void set(byte[] contents, Preset preset, Place variable) throws PresetException {
        if (!applied.add(preset)) {
            throw new PresetException("variable '" + preset.text + "' is set more than once");
        }
        Place place = variable;
        for (Step step : preset.steps.subList(1, preset.steps.size())) {
            place = step.isIndex ? element(place, step, preset) : member(place, step, preset);
        }
        Btf btf = types.original;
        BtfType type = btf.resolved(place.typeId);
        long value = value(type, preset);
        int size = (int) btf.sizeOf(place.typeId);
        if (place.offset < 0 || place.offset + size > contents.length) {
            throw new PresetException("variable '" + preset.text + "' has no initial value");
        }
        for (int i = 0; i < size; i++) {
            contents[(int) place.offset + i] = (byte) (value >> i * Byte.SIZE);
        }
    }

    private Place element(Place place, Step step, Preset preset) throws PresetException {
        if (!(types.original.resolved(place.typeId) instanceof BtfType.Array array)) {
            throw new PresetException("array index is not expected in '" + preset.text + "'");
        }
        Long enumerator = isNumber(step.name) ? null : anyEnumerator(step.name);
        if (enumerator == null && !isNumber(step.name)) {
            throw new PresetException("can't resolve enum value " + step.name);
        }
        long index = enumerator == null ? number(step.name) : enumerator;
        if (index < 0 || index >= array.count()) {
            throw new PresetException(
                    "array index " + index + " is out of bounds [0, " + array.count() + "): " + preset.text);
        }
        return new Place(array.elementTypeId(), place.offset + index * types.original.sizeOf(array.elementTypeId()));
    }

    private Place member(Place place, Step step, Preset preset) throws PresetException {
        BtfType type = types.original.resolved(place.typeId);
        if (!(type instanceof BtfType.Composite struct)) {
            throw new PresetException("can't resolve field " + step.name + " in '" + preset.text + "'");
        }
        BtfType.Member member = find(struct, step.name, 0);
        if (member == null) {
            throw new PresetException("can't find '" + step.name + "' of '" + preset.text + "'");
        }
        if (member.bitSize() != 0) {
            throw new PresetException("bit fields can't be set: '" + preset.text + "'");
        }
        return new Place(member.typeId(), place.offset + member.bitOffset() / Byte.SIZE);
    }

    /** The member of that name, of the struct itself or of one without a name within; its offset from the outermost struct. */
    private BtfType.@Nullable Member find(BtfType.Composite struct, String name, long bitOffset) {
        for (BtfType.Member member : struct.members()) {
            long offset = bitOffset + member.bitOffset();
            if (member.name().equals(name)) {
                return new BtfType.Member(name, member.typeId(), offset, member.bitSize());
            }
            BtfType type = types.original.resolved(member.typeId());
            if (member.name().isEmpty() && type instanceof BtfType.Composite inner) {
                BtfType.Member found = find(inner, name, offset);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private long value(BtfType type, Preset preset) throws PresetException {
        return switch (type) {
            case BtfType.Int number -> {
                if (!isNumber(preset.value)) {
                    throw new PresetException("value " + preset.value + " is not supported for type " + number.name());
                }
                yield fitting(number(preset.value), number.sizeBytes(), number.signed(), preset);
            }
            case BtfType.Enum choice -> {
                if (isNumber(preset.value)) {
                    yield fitting(number(preset.value), choice.sizeBytes(), choice.signed(), preset);
                }
                Long value = enumerator(choice, preset.value);
                if (value == null) {
                    throw new PresetException("failed to find integer value for enum element " + preset.value);
                }
                yield value;
            }
            default -> throw new PresetException("can't set " + preset.text + ": only ints and enums are supported");
        };
    }

    private static long fitting(long value, int sizeBytes, boolean signed, Preset preset) throws PresetException {
        if (sizeBytes < Long.BYTES) {
            long limit = 1L << sizeBytes * Byte.SIZE - (signed ? 1 : 0);
            if (value >= limit || value < -limit) {
                throw new PresetException("variable " + preset.text + " value " + value + " is out of range ["
                        + (signed ? -limit : 0) + "; " + (limit - 1) + "]");
            }
        }
        return value;
    }

    private @Nullable Long anyEnumerator(String name) {
        for (BtfType type : types.original.types()) {
            Long value = type instanceof BtfType.Enum choice ? enumerator(choice, name) : null;
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    private static @Nullable Long enumerator(BtfType.Enum choice, String name) {
        for (BtfType.EnumValue value : choice.values()) {
            if (value.name().equals(name)) {
                return value.value();
            }
        }
        return null;
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && (text.charAt(0) == '-' || Character.isDigit(text.charAt(0)));
    }

    private static long number(String text) throws PresetException {
        boolean negative = text.startsWith("-");
        String digits = negative ? text.substring(1) : text;
        boolean hex = digits.startsWith("0x") || digits.startsWith("0X");
        boolean octal = !hex && digits.length() > 1 && digits.startsWith("0");
        try {
            var magnitude = new BigInteger(hex ? digits.substring(2) : digits, hex ? 16 : octal ? 8 : 10);
            BigInteger value = negative ? magnitude.negate() : magnitude;
            boolean fits = magnitude.signum() >= 0
                    && (negative ? value.bitLength() < Long.SIZE : value.bitLength() <= Long.SIZE);
            if (fits) {
                return value.longValue();
            }
        } catch (NumberFormatException e) {
            throw new PresetException("failed to parse value '" + text + "'");
        }
        throw new PresetException("failed to parse value '" + text + "'");
    }
}
