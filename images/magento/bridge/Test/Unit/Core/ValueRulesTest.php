<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\Field;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\ValueRules;

/**
 * What a field may hold.
 */
class ValueRulesTest extends TestCase
{
    private const ZERO_OR_MORE = 'validate-number validate-zero-or-greater';
    private const PORT = 'validate-digits validate-digits-range digits-range-0-65535';

    /**
     * Numbers are held to the field's own rules.
     *
     * @dataProvider numbers
     * @param string $validate
     * @param string $value
     * @param string|null $reason the end of the message; null: it is taken
     */
    public function testNumbers(string $validate, string $value, ?string $reason): void
    {
        $this->check(new Field('a/b/c', 'a/b/c', 'text', ['default'], $validate), $value, [], $reason);
    }

    /**
     * Rules, values, and what is wrong with them.
     *
     * @return array<string,array{string,string,string|null}>
     */
    public function numbers(): array
    {
        return [
            'anything without rules' => ['', 'abc', null],
            'empty stands for not set' => [self::ZERO_OR_MORE, '', null],
            'zero' => [self::ZERO_OR_MORE, '0', null],
            'decimal' => [self::ZERO_OR_MORE, '7.50', null],
            'without the zero before' => [self::ZERO_OR_MORE, '.5', null],
            'word' => [self::ZERO_OR_MORE, 'abc', 'must be a number.'],
            'exponent' => [self::ZERO_OR_MORE, '1e3', 'must be a number.'],
            'space' => [self::ZERO_OR_MORE, ' 5', 'must be a number.'],
            'line end' => [self::ZERO_OR_MORE, "5\n", 'must be a number.'],
            'comma' => [self::ZERO_OR_MORE, '1,5', 'must be a number.'],
            'negative' => [self::ZERO_OR_MORE, '-0.01', 'must be zero or greater.'],
            'negative where it may be' => ['validate-number', '-1', null],
            'not greater than zero' => ['validate-greater-than-zero', '0', 'must be greater than zero.'],
            'port' => [self::PORT, '587', null],
            'port out of range' => [self::PORT, '70000', 'must be between 0 and 65535.'],
            'no whole number' => [self::PORT, '1.5', 'must be a whole number.'],
            'open range' => ['validate-digits validate-digits-range digits-range-1-', '99999', null],
            'below an open range' => [
                'validate-digits validate-digits-range digits-range-1-',
                '0',
                'must be between 1 and .',
            ],
        ];
    }

    /**
     * Values are among the options, all of them where several may be chosen.
     *
     * @dataProvider choices
     * @param string $type
     * @param string $value
     * @param string|null $reason
     */
    public function testOptions(string $type, string $value, ?string $reason): void
    {
        $field = new Field('a/b/c', 'a/b/c', $type, ['default'], hasOptions: true);
        $this->check($field, $value, ['USD', 'EUR'], $reason);
        $this->check($field, $value, [], null);
    }

    /**
     * Types of fields, values, and what is wrong with them.
     *
     * @return array<string,array{string,string,string|null}>
     */
    public function choices(): array
    {
        return [
            'one' => ['select', 'EUR', null],
            'none of them' => ['select', 'XXX', '"XXX" is not among the options of "a/b/c".'],
            'empty is no option' => ['select', '', '"" is not among the options of "a/b/c".'],
            'several' => ['multiselect', 'USD,EUR', null],
            'none chosen' => ['multiselect', '', null],
            'one of several is wrong' => ['multiselect', 'USD,X,Y', '"X,Y" is not among the options of "a/b/c".'],
            'several where one may be' => ['select', 'USD,EUR', '"USD,EUR" is not among the options of "a/b/c".'],
        ];
    }

    /**
     * Secrets that Magento would not keep as they are.
     *
     * @dataProvider secrets
     * @param string $value
     * @param string|null $reason
     */
    public function testSecrets(string $value, ?string $reason): void
    {
        $field = new Field('a/b/c', 'a/b/c', 'obscure', ['default'], encrypted: true);
        $this->check($field, $value, [], $reason);
    }

    /**
     * Secrets, and what is wrong with them.
     *
     * @return array<string,array{string,string|null}>
     */
    public function secrets(): array
    {
        $edges = '"a/b/c" cannot be "0", nor begin or end with a space.';
        return [
            'secret' => ['hunter2', null],
            'with asterisks in it' => ['a**b', null],
            'empty' => ['', null],
            'asterisks' => ['******', 'Magento ignores a value of asterisks.'],
            'one asterisk' => ['*', 'Magento ignores a value of asterisks.'],
            'zero' => ['0', $edges],
            'space before' => [' x', $edges],
            'line end' => ["x\n", $edges],
        ];
    }

    /**
     * Text that no column can keep is refused.
     */
    public function testRefusesWhatIsNoText(): void
    {
        $field = new Field('a/b/c', 'a/b/c', 'text', ['default']);
        $this->check($field, null, [], 'Give a value, or inherit.');
        $this->check($field, "a\0b", [], '"a/b/c" has characters that are not text.');
        $this->check($field, "\xff", [], '"a/b/c" has characters that are not text.');
        $this->check($field, str_repeat('x', 65536), [], '"a/b/c" is longer than 65535 bytes.');
        $this->check($field, str_repeat('x', 65535), [], null);
        $this->check($field, "two\nlines\tand ünïcode 😀", [], null);
    }

    /**
     * Checks a value and what is said about it.
     *
     * @param Field $field
     * @param string|null $value
     * @param string[] $options
     * @param string|null $reason
     */
    private function check(Field $field, ?string $value, array $options, ?string $reason): void
    {
        $said = null;
        try {
            (new ValueRules())->check($field, $value, $options);
        } catch (Refusal $refusal) {
            $said = $refusal->getMessage();
        }
        $reason === null ? self::assertNull($said) : self::assertStringEndsWith($reason, (string)$said);
    }
}
