<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\Amount;
use StoreController\Bridge\Core\PlacesInterface;
use StoreController\Bridge\Core\TableRow;
use StoreController\Bridge\Core\TableRows;

/**
 * Rows of table rates.
 */
class TableRowsTest extends TestCase
{
    private const NO_NUMBER = 'must be a number of at least zero with eight digits before and four after the point';

    /**
     * Amounts have one spelling each.
     *
     * @dataProvider amounts
     * @param string $given
     * @param string|null $plain
     * @param string|null $price
     */
    public function testAmounts(string $given, ?string $plain, ?string $price): void
    {
        $amount = new Amount();
        self::assertSame([$plain, $price], [$amount->normal($given), $amount->normal($given, 2)]);
    }

    /**
     * Amounts as they are given, and their spellings as an amount and as a price.
     *
     * @return array<string,array{string,string|null,string|null}>
     */
    public function amounts(): array
    {
        return [
            'zero' => ['0', '0', '0.00'],
            'zeros' => ['000.0000', '0', '0.00'],
            'price' => ['4.90', '4.9', '4.90'],
            'whole' => ['10', '10', '10.00'],
            'as the column has it' => ['12.5000', '12.5', '12.50'],
            'four places' => ['0.1234', '0.1234', '0.1234'],
            'zeros after four places' => ['0.123400', '0.1234', '0.1234'],
            'leading zero' => ['007.1', '7.1', '7.10'],
            'largest' => ['99999999.9999', '99999999.9999', '99999999.9999'],
            'too large' => ['100000000', null, null],
            'too fine' => ['0.12345', null, null],
            'negative' => ['-1', null, null],
            'sign' => ['+1', null, null],
            'exponent' => ['1e3', null, null],
            'empty' => ['', null, null],
            'point only' => ['.', null, null],
            'line end' => ["1\n", null, null],
            'comma' => ['1,5', null, null],
        ];
    }

    /**
     * Good rows come back in order, in one spelling.
     */
    public function testSortsGoodRows(): void
    {
        $checked = $this->rules()->checked([
            ['US', '*', '*', '10', '9'],
            ['US', 'CA', '90210', '0', '1.5'],
            ['US', '', ' ', '9.0', '8.10'],
            ['*', '*', '*', '0', '20'],
            ['DE', '*', '*', '0', '0'],
        ], $this->places());
        self::assertSame([], $checked['errors']);
        self::assertEquals([
            new TableRow('*', '*', '*', '0', '20.00'),
            new TableRow('DE', '*', '*', '0', '0.00'),
            new TableRow('US', '*', '*', '9', '8.10'),
            new TableRow('US', '*', '*', '10', '9.00'),
            new TableRow('US', 'CA', '90210', '0', '1.50'),
        ], $checked['rows']);
    }

    /**
     * Every bad row is named by its position.
     */
    public function testNamesBadRows(): void
    {
        $checked = $this->rules()->checked([
            ['US', '*', '*', '0', '1'],
            ['XX', '*', '*', '0', '1'],
            ['US', 'ZZ', '*', '0', '1'],
            ['*', 'CA', '*', '0', '1'],
            ['US', '*', '12345678901', '0', '1'],
            ['US', '*', '*', '-1', '1'],
            ['US', '*', '*', '1', 'abc'],
            ['US', '*', '*', '0.0', '2'],
            ['US', '*', 'ab1', '0', '2'],
            ['US', '*', 'AB1', '0', '2'],
        ], $this->places());
        self::assertSame([
            2 => 'Unknown country "XX".',
            3 => 'Country "US" has no region "ZZ".',
            4 => 'Country "*" has no region "CA".',
            5 => 'Postcode "12345678901" is longer than 10 characters.',
            6 => '"from" ' . self::NO_NUMBER . ', not "-1".',
            7 => '"price" ' . self::NO_NUMBER . ', not "abc".',
            8 => 'Given twice.',
            10 => 'Given twice.',
        ], $checked['errors']);
    }

    /**
     * The sum is of the rows and not of their order.
     */
    public function testChecksum(): void
    {
        $rules = $this->rules();
        $one = new TableRow('US', '*', '*', '0', '1.00');
        $two = new TableRow('DE', '*', '*', '0', '1.00');
        $sum = $rules->checksum([$one, $two]);
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $sum);
        self::assertSame($sum, $rules->checksum([$two, $one]));
        self::assertNotSame($sum, $rules->checksum([$one]));
        self::assertNotSame($sum, $rules->checksum([$one, new TableRow('DE', '*', '*', '0', '1.01')]));
    }

    /**
     * The rules.
     */
    private function rules(): TableRows
    {
        return new TableRows(new Amount());
    }

    /**
     * Two countries, one region.
     */
    private function places(): PlacesInterface
    {
        return new class implements PlacesInterface {
            /**
             * @inheritDoc
             */
            public function hasCountry(string $country): bool
            {
                return in_array($country, ['US', 'DE'], true);
            }

            /**
             * @inheritDoc
             */
            public function hasRegion(string $country, string $region): bool
            {
                return [$country, $region] === ['US', 'CA'];
            }
        };
    }
}
