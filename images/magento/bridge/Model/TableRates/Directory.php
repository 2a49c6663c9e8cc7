<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\TableRates;

use Magento\Framework\App\ResourceConnection;
use StoreController\Bridge\Core\PlacesInterface;

/**
 * Countries and regions as Magento's directory has them.
 */
class Directory implements PlacesInterface
{
    private const COUNTRIES = 'directory_country';
    private const REGIONS = 'directory_country_region';

    /**
     * @var array<string, true>|null
     */
    private ?array $countries = null;

    /**
     * @var array<string, array<string, int[]>>|null
     */
    private ?array $regions = null;

    /**
     * @param ResourceConnection $resource
     */
    public function __construct(private readonly ResourceConnection $resource)
    {
    }

    /**
     * @inheritDoc
     */
    public function hasCountry(string $country): bool
    {
        if ($this->countries === null) {
            $connection = $this->resource->getConnection();
            $select = $connection->select()
                ->from($this->resource->getTableName(self::COUNTRIES), ['country_id']);
            $this->countries = array_fill_keys($connection->fetchCol($select), true);
        }
        return isset($this->countries[$country]);
    }

    /**
     * @inheritDoc
     */
    public function hasRegion(string $country, string $region): bool
    {
        return isset($this->regions()[$country][$region]);
    }

    /**
     * Returns the numbers of a region; a few codes of Magento's have more than one.
     *
     * @param string $country
     * @param string $region
     * @return int[]
     */
    public function regionIds(string $country, string $region): array
    {
        return $this->regions()[$country][$region] ?? [];
    }

    /**
     * Returns the codes of all regions by their numbers.
     *
     * @return array<int, string>
     */
    public function regionCodes(): array
    {
        $codes = [];
        foreach ($this->regions() as $regions) {
            foreach ($regions as $code => $ids) {
                $codes += array_fill_keys($ids, (string)$code);
            }
        }
        return $codes;
    }

    /**
     * Reads all regions once.
     *
     * @return array<string, array<string, int[]>>
     */
    private function regions(): array
    {
        if ($this->regions === null) {
            $this->regions = [];
            $connection = $this->resource->getConnection();
            $select = $connection->select()
                ->from($this->resource->getTableName(self::REGIONS), ['region_id', 'country_id', 'code'])
                ->order('region_id');
            foreach ($connection->fetchAll($select) as $row) {
                $this->regions[$row['country_id']][(string)$row['code']][] = (int)$row['region_id'];
            }
        }
        return $this->regions;
    }
}
