<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Rows of table rates: checked, in one order, with one checksum.
 */
class TableRows
{
    public const ANY = '*';
    public const CONDITIONS = ['package_weight', 'package_value_with_discount', 'package_qty'];
    private const LONGEST_POSTCODE = 10;
    private const PRICE_DECIMALS = 2;

    /**
     * @param Amount $amount
     */
    public function __construct(private readonly Amount $amount)
    {
    }

    /**
     * Returns the rows in their order, and why each bad one cannot be.
     *
     * @param array<int,array{string,string,string,string,string}> $rows country, region, postcode, from, price
     * @param PlacesInterface $places
     * @return array{rows: TableRow[], errors: array<int, string>} errors by position, which counts from 1
     */
    public function checked(array $rows, PlacesInterface $places): array
    {
        $checked = $errors = [];
        foreach (array_values($rows) as $index => $row) {
            try {
                $one = $this->row($row, $places);
            } catch (Refusal $refusal) {
                $errors[$index + 1] = $refusal->getMessage();
                continue;
            }
            if (isset($checked[$one->key()])) {
                $errors[$index + 1] = 'Given twice.';
                continue;
            }
            $checked[$one->key()] = $one;
        }
        return ['rows' => $this->sorted(array_values($checked)), 'errors' => $errors];
    }

    /**
     * Returns the rows by country, region, postcode and amount.
     *
     * @param TableRow[] $rows
     * @return TableRow[]
     */
    public function sorted(array $rows): array
    {
        usort($rows, static fn (TableRow $one, TableRow $other): int =>
            [$one->country, $one->region, $one->postcode] <=> [$other->country, $other->region, $other->postcode]
            ?: (float)$one->from <=> (float)$other->from);
        return $rows;
    }

    /**
     * Returns 64 hexadecimal digits that any change of a row changes.
     *
     * @param TableRow[] $rows
     */
    public function checksum(array $rows): string
    {
        $lines = array_map(static fn (TableRow $row): array => array_values((array)$row), $this->sorted($rows));
        return hash('sha256', json_encode($lines, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR));
    }

    /**
     * Checks one row.
     *
     * @param array{string,string,string,string,string} $row
     * @param PlacesInterface $places
     */
    private function row(array $row, PlacesInterface $places): TableRow
    {
        [$country, $region, $postcode] = array_map(
            static fn (string $one): string => trim($one) === '' ? self::ANY : trim($one),
            array_slice($row, 0, 3)
        );
        if ($country !== self::ANY && !$places->hasCountry($country)) {
            throw new Refusal('Unknown country "%1".', [$country]);
        }
        if ($region !== self::ANY && ($country === self::ANY || !$places->hasRegion($country, $region))) {
            throw new Refusal('Country "%1" has no region "%2".', [$country, $region]);
        }
        if (mb_strlen($postcode) > self::LONGEST_POSTCODE) {
            throw new Refusal('Postcode "%1" is longer than %2 characters.', [$postcode, self::LONGEST_POSTCODE]);
        }
        return new TableRow(
            $country,
            $region,
            $postcode,
            $this->amount($row[3], 'from', 0),
            $this->amount($row[4], 'price', self::PRICE_DECIMALS)
        );
    }

    /**
     * Returns an amount in its one spelling.
     *
     * @param string $text
     * @param string $name
     * @param int $decimals
     */
    private function amount(string $text, string $name, int $decimals): string
    {
        $normal = $this->amount->normal($text, $decimals);
        if ($normal === null) {
            throw new Refusal(
                '"%1" must be a number of at least zero with eight digits before and four after the point, not "%2".',
                [$name, $text]
            );
        }
        return $normal;
    }
}
