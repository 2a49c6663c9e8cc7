<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What Magento's form checks in the browser and its backend models do not: options and numbers.
 */
class ValueRules
{
    private const LONGEST = 65535;
    private const LONGEST_SECRET = 32768;
    private const NUMBER = '/^[+-]?(\d+\.?\d*|\.\d+)$/D';
    private const NUMERIC = '/\bvalidate-(number|digits|zero-or-greater|greater-than-zero|not-negative-number)\b/';

    /**
     * Refuses a value that the field cannot hold.
     *
     * @param Field $field
     * @param string|null $value
     * @param string[] $options empty when any value is possible
     * @throws Refusal
     */
    public function check(Field $field, ?string $value, array $options): void
    {
        if ($value === null) {
            throw new Refusal('Give a value, or inherit.');
        }
        $longest = $field->isSensitive() ? self::LONGEST_SECRET : self::LONGEST;
        if (strlen($value) > $longest) {
            throw new Refusal('"%1" is longer than %2 bytes.', [$field->path, $longest]);
        }
        if (!mb_check_encoding($value, 'UTF-8') || preg_match('/[\x00-\x08\x0b\x0c\x0e-\x1f]/', $value)) {
            throw new Refusal('"%1" has characters that are not text.', [$field->path]);
        }
        if ($field->isSensitive()) {
            $this->checkSecret($field, $value);
        }
        if ($field->hasOptions && $options !== []) {
            $this->checkOptions($field, $value, $options);
        }
        if ($value !== '' && preg_match(self::NUMERIC, $field->validate)) {
            $this->checkNumber($field, $value);
        }
    }

    /**
     * Refuses what would be stored as something else than what was given.
     *
     * @param Field $field
     * @param string $value
     */
    private function checkSecret(Field $field, string $value): void
    {
        if (preg_match('/^\*+$/D', $value)) {
            throw new Refusal('Magento ignores a value of asterisks.');
        }
        // Magento's own test for "nothing to encrypt" takes "0" for nothing, and its decryption trims.
        if ($field->encrypted && ($value === '0' || trim($value) !== $value)) {
            throw new Refusal('"%1" cannot be "0", nor begin or end with a space.', [$field->path]);
        }
    }

    /**
     * Refuses what is not among the options.
     *
     * @param Field $field
     * @param string $value
     * @param string[] $options
     */
    private function checkOptions(Field $field, string $value, array $options): void
    {
        $given = $field->isMultiple() ? array_filter(explode(',', $value), 'strlen') : [$value];
        $bad = array_diff($given, $options);
        if ($bad !== []) {
            throw new Refusal('"%1" is not among the options of "%2".', [implode(',', $bad), $field->path]);
        }
    }

    /**
     * Refuses what is not a number, or one out of the field's range.
     *
     * @param Field $field
     * @param string $value
     */
    private function checkNumber(Field $field, string $value): void
    {
        if (!preg_match(self::NUMBER, $value)) {
            throw new Refusal('"%1" must be a number.', [$field->path]);
        }
        $number = (float)$value;
        if (str_contains($field->validate, 'validate-greater-than-zero') && $number <= 0) {
            throw new Refusal('"%1" must be greater than zero.', [$field->path]);
        }
        $positive = '/\bvalidate-(zero-or-greater|not-negative-number|digits)\b/';
        if (preg_match($positive, $field->validate) && $number < 0) {
            throw new Refusal('"%1" must be zero or greater.', [$field->path]);
        }
        if (preg_match('/\bvalidate-digits\b/', $field->validate) && !ctype_digit($value)) {
            throw new Refusal('"%1" must be a whole number.', [$field->path]);
        }
        if (preg_match('/\b(?:digits|number)-range-([\d.]*)-([\d.]*)/', $field->validate, $range)) {
            $below = $range[1] !== '' && $number < (float)$range[1];
            if ($below || $range[2] !== '' && $number > (float)$range[2]) {
                throw new Refusal('"%1" must be between %2 and %3.', [$field->path, $range[1], $range[2]]);
            }
        }
    }
}
